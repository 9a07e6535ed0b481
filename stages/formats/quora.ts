import { badRecord, lineId, type PairFormatEntry } from './format.ts';
import { LabelMap, NO_LABEL_REASON } from './labels.ts';
import { type Columns, sentenceIn, tableFormat } from './table.ts';

type Part = 'id' | 'question1' | 'question2' | 'is_duplicate';

const COLUMNS: Columns<Part> = {
  id: { column: 'id', optional: true },
  question1: { column: 'question1' },
  question2: { column: 'question2' },
  // GLUE's test split has none.
  is_duplicate: { column: 'is_duplicate', optional: true },
};

/**
 * Quora's question pairs, tab-separated under a header, as Quora (`quora_duplicate_questions.tsv`) and GLUE (QQP) have them.
 * Whether the questions are duplicates is the score, 1 or 0. It is none of our labels, and becomes one only by a map that
 * says which: `entailment=1,neutral=0`.
 */
export const quora: PairFormatEntry = {
  summary: "Quora's tab-separated columns, by the header's names: question1, question2, is_duplicate (the score), id",
  options: ['quotes', 'entailment', 'neutral', 'contradiction', 'unlabeled'],
  make(options) {
    const labels = LabelMap.of(options, {});
    const isMapped = labels.names.length > 0 || labels.unlabeled !== undefined;
    return tableFormat<Part>({
      layout: { delimiter: '\t', quotes: options.quotes ?? true, isHeader: () => true },
      columns: () => COLUMNS,
      pair(cell, origin, context) {
        const duplicate = cell('is_duplicate');
        if (duplicate !== undefined && duplicate !== '0' && duplicate !== '1') {
          throw badRecord(origin, 'The column is_duplicate is wrong', '0 or 1', duplicate);
        }
        if (duplicate !== undefined && duplicate === labels.unlabeled) return context.drop(NO_LABEL_REASON);
        return {
          id: cell('id') ?? lineId(origin),
          ...(duplicate !== undefined && isMapped && { label: labels.labelOf(duplicate, 'is_duplicate', origin) }),
          ...(duplicate !== undefined && { score: Number(duplicate) }),
          premise: { text: sentenceIn(cell, 'question1', origin) },
          hypothesis: { text: sentenceIn(cell, 'question2', origin) },
          origin,
        };
      },
    });
  },
};
