import test from 'ava';
import { learnable } from '../../models/learnable.ts';
import { MillraceError, Pipeline } from '../../pipeline/index.ts';
import { LABELS, type SentencePair } from '../../stages/index.ts';
import { Probe } from '../pipeline/probes.ts';
import { tableOfPairs } from '../stages/sequences.ts';

const sentence = { text: 'a' };

function pairsOf(count: number, fields: (row: number) => Pick<SentencePair, 'label' | 'score'>): SentencePair[] {
  return Array.from({ length: count }, (_, row) => {
    return {
      id: `${row}`,
      ...fields(row),
      premise: sentence,
      hypothesis: sentence,
      origin: { source: 's', line: row },
    };
  });
}

/** What is left of the pairs, as records and as a table, when those that cannot be learnt from are skipped. */
async function left(target: 'label' | 'score', pairs: readonly SentencePair[]): Promise<string[][]> {
  const sources = [Pipeline.from(pairs), new Probe([tableOfPairs(pairs)]).pipeline];
  return Promise.all(
    sources.map(async (source) => {
      const kept = await source.pipe(learnable(target)).onError('skip').toArray();
      return kept.map(({ id }) => id);
    }),
  );
}

test('pairs with what is to be learnt pass, as records and as tables', async (t) => {
  const all = pairsOf(4, (row) => ({ label: LABELS[row % 3]!, score: row / 2 - 1 }));
  const some = pairsOf(6, (row) => ({
    ...(row % 2 === 0 && { label: 'neutral' as const }),
    ...(row % 3 === 0 && { score: row }),
  }));
  for (const target of ['label', 'score'] as const) {
    t.deepEqual(await left(target, all), [
      ['0', '1', '2', '3'],
      ['0', '1', '2', '3'],
    ]);
  }
  t.deepEqual(await left('label', some), [
    ['0', '2', '4'],
    ['0', '2', '4'],
  ]);
  t.deepEqual(await left('score', some), [
    ['0', '3'],
    ['0', '3'],
  ]);
});

test('a score that is no finite number is none to learn from, nor one beyond float32', async (t) => {
  const scores = [Number.NaN, Number.POSITIVE_INFINITY, 1e39, 3e38, -0];
  t.deepEqual(
    await left(
      'score',
      pairsOf(5, (row) => ({ score: scores[row]! })),
    ),
    [
      ['3', '4'],
      ['3', '4'],
    ],
  );
});

test('a pair without is told, with its place', async (t) => {
  for (const [target, expected] of [
    ['label', 'one of entailment, neutral, contradiction'],
    ['score', 'a finite number'],
  ] as const) {
    const pairs = pairsOf(3, (row) => (row < 2 ? { label: 'neutral', score: 1 } : {}));
    const run = Pipeline.from(pairs).pipe(learnable(target)).toArray();
    const error = await t.throwsAsync(run, { instanceOf: MillraceError });
    t.is(error.code, 'MILLRACE_BAD_RECORD');
    t.is(error.message, `s:2: The pair has no ${target} to learn from (2); expected ${expected}`);
  }
});
