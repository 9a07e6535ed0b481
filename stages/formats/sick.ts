import { badRecord, type PairFormatEntry } from './format.ts';
import { LabelMap, type LabelNames, NO_LABEL_REASON } from './labels.ts';

const HEADER = ['pair_ID', 'sentence_A', 'sentence_B', 'relatedness_score', 'entailment_judgment'];

const NAMES: LabelNames = {
  entailment: 'ENTAILMENT',
  neutral: 'NEUTRAL',
  contradiction: 'CONTRADICTION',
};

/** Mean of ten raters' answers, from 1 (completely unrelated) to 5 (very related). */
const SCORE = /^(?:[1-4](?:\.\d+)?|5(?:\.0+)?)$/;

/** SICK's tab-separated pairs (Marelli et al. 2014), with relatedness for a score; the header line is dropped. */
export const sick: PairFormatEntry = {
  summary: `SICK's tab-separated columns: ${HEADER.join(', ')}`,
  options: ['entailment', 'neutral', 'contradiction', 'unlabeled'],
  make(options) {
    const labels = LabelMap.of(options, NAMES);
    return {
      pair({ text, origin }, context) {
        const cells = text.split('\t');
        const [id, premise, hypothesis, score = '', judgment] = cells;
        if (id === HEADER[0]) return context.drop('header');
        if (cells.length < HEADER.length || !premise || !hypothesis) {
          throw badRecord(origin, 'The line is no SICK pair', `tab-separated ${HEADER.join(', ')}`, text);
        }
        if (judgment === labels.unlabeled) return context.drop(NO_LABEL_REASON);
        const label = labels.labelOf(judgment, 'judgment', origin);
        if (!SCORE.test(score)) throw badRecord(origin, 'The relatedness is wrong', 'a number from 1 to 5', score);
        return {
          id: id as string,
          label,
          score: Number(score),
          premise: { text: premise },
          hypothesis: { text: hypothesis },
          origin,
        };
      },
    };
  },
};
