import { lineId, type PairFormatEntry } from './format.ts';
import { LabelMap, NO_LABEL_REASON, SNLI_NAMES } from './labels.ts';
import { type CellOf, type Column, type Columns, sentenceIn, tableFormat } from './table.ts';

const ANNOTATORS = ['label1', 'label2', 'label3', 'label4', 'label5'] as const;

/** The parts of a pair, by the names that they have in the header. */
const COLUMNS = {
  gold_label: { column: 'gold_label' },
  sentence1: { column: 'sentence1' },
  sentence2: { column: 'sentence2' },
  ...optional('pairID', 'captionID'),
  ...optional('sentence1_binary_parse', 'sentence1_parse', 'sentence2_binary_parse', 'sentence2_parse'),
  ...optional(...ANNOTATORS),
};

type Part = keyof typeof COLUMNS;

/**
 * SNLI's and MultiNLI's tab-separated files, and GLUE's MNLI: the same as their JSON lines. Columns are found by their names,
 * whatever their order; quotes mean nothing. Pairs without a gold label (`-`) are dropped.
 */
export const snliTsv: PairFormatEntry = {
  summary: "SNLI's and MultiNLI's tab-separated columns, by the header's names: gold_label, sentence1, sentence2, ...",
  options: ['entailment', 'neutral', 'contradiction', 'unlabeled'],
  make(options) {
    const labels = LabelMap.of(options, SNLI_NAMES);
    return tableFormat<Part>({
      layout: { delimiter: '\t', quotes: false, isHeader: () => true },
      // In MultiNLI's training split only the first annotator has a label.
      ragged: true,
      columns: () => COLUMNS,
      pair(cell, origin, context) {
        const name = cell('gold_label');
        if (name !== undefined && name === labels.unlabeled) return context.drop(NO_LABEL_REASON);
        const label = labels.labelOf(name, 'gold_label', origin);
        const captionId = cell('captionID');
        const annotatorLabels = ANNOTATORS.flatMap((annotator) => cell(annotator) ?? []);
        return {
          id: cell('pairID') ?? lineId(origin),
          label,
          premise: { text: sentenceIn(cell, 'sentence1', origin), ...parsesOf(cell, 'sentence1') },
          hypothesis: { text: sentenceIn(cell, 'sentence2', origin), ...parsesOf(cell, 'sentence2') },
          origin,
          ...(captionId !== undefined && { captionId }),
          ...(annotatorLabels.length > 0 && { annotatorLabels }),
        };
      },
    });
  },
};

function parsesOf(cell: CellOf<Part>, sentence: 'sentence1' | 'sentence2') {
  const binaryParse = cell(`${sentence}_binary_parse`);
  const parse = cell(`${sentence}_parse`);
  return { ...(binaryParse !== undefined && { binaryParse }), ...(parse !== undefined && { parse }) };
}

function optional<Name extends string>(...names: Name[]): Columns<Name> {
  const columns = names.map((name): [Name, Column] => [name, { column: name, optional: true }]);
  return Object.fromEntries(columns) as Columns<Name>;
}
