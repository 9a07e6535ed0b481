/** What the tests of batching share: pairs and sentences of any length, and what a batch holds, row by row. */
import fc from 'fast-check';
import type { Label, PaddedSequences, PairBatch, SentenceBatch, SentencePair } from '../../stages/records.ts';

const lengths = fc.integer({ min: 0, max: 12 });
const sides = fc.array(fc.tuple(lengths, lengths), { maxLength: 60 });

/** Pairs of which every row can be told from every other. */
export const idPairs = sides.map((all) => all.map(([premise, hypothesis], row) => pairOf(row, premise, hypothesis)));

export function pairOf(row: number, premise: number, hypothesis: number): SentencePair {
  const label = ([undefined, 'entailment', 'neutral', 'contradiction'] as const)[row % 4];
  return {
    id: `p${row}`,
    ...(label && { label: label satisfies Label }),
    premise: { text: '', ids: sequence(row, premise) },
    hypothesis: { text: '', ids: sequence(row + 500, hypothesis) },
    origin: { source: 's', line: row + 1 },
  };
}

function sequence(first: number, length: number): Int32Array {
  return Int32Array.from({ length }, (_, i) => 1000 * (first + 1) + i);
}

/** The sequences of a batch before padding. */
export function rowsOf({ ids, lengths, width }: PaddedSequences): number[][] {
  return Array.from(lengths, (length, row) => [...ids.subarray(row * width, row * width + length)]);
}

/** The pairs of a batch, as far as a batch tells. */
export function pairsOf(batch: PairBatch) {
  const [premises, hypotheses] = [rowsOf(batch.premise), rowsOf(batch.hypothesis)];
  return batch.pairIds.map((id, row) => ({
    id,
    label: batch.labels[row],
    premise: premises[row],
    hypothesis: hypotheses[row],
    line: batch.origins[row]?.line,
  }));
}

/** The same of a pair that is in no batch yet. */
export function pairAsBatched({ id, label, premise, hypothesis, origin }: SentencePair) {
  return {
    id,
    label: label === undefined ? -1 : ['entailment', 'neutral', 'contradiction'].indexOf(label),
    premise: Array.from(premise.ids ?? []),
    hypothesis: Array.from(hypothesis.ids ?? []),
    line: origin.line,
  };
}

/** The padding ledger, by counting the cells after the end of each row. */
export function recount(batches: readonly (PairBatch | SentenceBatch)[]): Record<string, number> {
  let cells = 0;
  let padding = 0;
  for (const batch of batches) {
    for (const { ids, lengths, width } of 'sentence' in batch ? [batch.sentence] : [batch.premise, batch.hypothesis]) {
      cells += ids.length;
      ids.forEach((id, cell) => {
        const isPadding = cell % width >= (lengths[Math.floor(cell / width)] as number);
        if (isPadding !== (id === 0)) throw new Error('a cell of padding is not 0, or another is');
        if (isPadding) padding++;
      });
    }
  }
  return batches.length === 0 ? {} : { cells, padding };
}
