import type { PairFormatEntry } from './format.ts';
import { type Columns, scoreIn, sentenceIn, tableFormat } from './table.ts';

const PARTS = ['genre', 'filename', 'year', 'id', 'score', 'sentence1', 'sentence2'] as const;

type Part = (typeof PARTS)[number];

/** The benchmark's own files have no header. */
const BY_NUMBER = Object.fromEntries(PARTS.map((part, i) => [part, { column: i + 1 }])) as Columns<Part>;

/** GLUE's have one; their test split has no scores. */
const BY_NAME: Columns<Part> = {
  ...(Object.fromEntries(PARTS.map((part) => [part, { column: part }])) as Columns<Part>),
  id: { column: 'old_index' },
  score: { column: 'score', optional: true },
};

/**
 * The semantic textual similarity benchmark (Cer et al. 2017), whose pairs have a score from 0 to 5 and no label: its
 * `sts-train.csv`, which is tab-separated, or GLUE's `train.tsv`, told apart by GLUE's header. Quotes mean nothing. The id is
 * `genre/filename/year/id`.
 */
export const stsb: PairFormatEntry = {
  summary: `STS-B's tab-separated columns: ${PARTS.join(', ')}; or GLUE's, with their header`,
  options: [],
  make() {
    return tableFormat<Part>({
      layout: { delimiter: '\t', quotes: false, isHeader: (text) => text.split('\t').includes('sentence1') },
      columns: (hasHeader) => (hasHeader ? BY_NAME : BY_NUMBER),
      pair(cell, origin) {
        const score = scoreIn(cell('score'), origin, [0, 5]);
        return {
          id: ['genre', 'filename', 'year', 'id'].map((part) => cell(part as Part) ?? '').join('/'),
          ...(score !== undefined && { score }),
          premise: { text: sentenceIn(cell, 'sentence1', origin) },
          hypothesis: { text: sentenceIn(cell, 'sentence2', origin) },
          origin,
        };
      },
    });
  },
};
