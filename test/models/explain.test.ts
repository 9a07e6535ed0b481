import { memory } from '@tensorflow/tfjs-core';
import test from 'ava';
import { startEngine } from '../../engine/index.ts';
import { type AdvancedRnnConfig, buildAdvancedRnn } from '../../models/advanced-rnn.ts';
import {
  type AttentionRows,
  type AttentionWeights,
  attentionOf,
  type Explanation,
  explanationsOf,
} from '../../models/explain.ts';
import { buildSimpleRnn } from '../../models/simple-rnn.ts';
import { MillraceError } from '../../pipeline/errors.ts';
import { UNK_ID } from '../../stages/vocabulary.ts';
import { batchOf, distance, outputsOf, stream, tinyPairs } from './helpers.ts';

const CONFIG = { vocabularySize: 12, embeddingSize: 5, hiddenSize: 4, seed: 0 };
const PAIRS = tinyPairs(7, 1);
const VIEWS = 3;

const MODELS: readonly Partial<AdvancedRnnConfig>[] = [
  { attention: 'inner', views: VIEWS },
  { attention: 'cross' },
  { attention: 'cross', compose: 'decomposable' },
];

async function attentionsOf(encoder: Partial<AdvancedRnnConfig>, ...batches: (typeof PAIRS)[]) {
  const model = buildAdvancedRnn({ ...CONFIG, ...encoder });
  const all: AttentionWeights[] = [];
  for await (const one of attentionOf(model, stream(...batches.map((pairs) => batchOf(pairs))))) all.push(one);
  model.optimizer.dispose();
  model.dispose();
  return all;
}

const sidesOf = ({ premise, hypothesis }: AttentionWeights): AttentionRows[] => [premise, hypothesis];

test.before(async () => {
  await startEngine('wasm');
});

for (const encoder of MODELS) {
  test.serial(`${JSON.stringify(encoder)}: a row for each view or word, which sums to 1 over words`, async (t) => {
    const before = memory().numTensors;
    const all = await attentionsOf(encoder, PAIRS);
    t.is(memory().numTensors, before);
    t.is(all.length, PAIRS.length);
    for (const [i, attention] of all.entries()) {
      t.is(attention.kind, encoder.attention as 'inner' | 'cross');
      const [p, h] = [PAIRS[i]![0].length, PAIRS[i]![1].length];
      const sizes = attention.kind === 'inner' ? [VIEWS, p, VIEWS, h] : [p, h, h, p];
      t.deepEqual(
        sidesOf(attention).flatMap((rows) => [rows.length, ...new Set(rows.map(({ length }) => length))]),
        sizes,
      );
      for (const row of sidesOf(attention).flat()) {
        t.true(Math.abs(row.reduce((sum, weight) => sum + weight, 0) - 1) < 1e-6);
        t.true(row.every((weight) => weight > 0));
      }
      const [alone] = await attentionsOf(encoder, [PAIRS[i]!]);
      t.true(distance(sidesOf(alone!).flat(2), sidesOf(attention).flat(2)) < 1e-6);
    }
    t.deepEqual(await attentionsOf(encoder, PAIRS.slice(0, 3), PAIRS.slice(0, 3)), [
      ...(await attentionsOf(encoder, PAIRS.slice(0, 3))),
      ...(await attentionsOf(encoder, PAIRS.slice(0, 3))),
    ]);
  });
}

test.serial('a model without attention says which have it', async (t) => {
  for (const model of [buildSimpleRnn(CONFIG), buildAdvancedRnn(CONFIG)]) {
    const error = await t.throwsAsync(attentionOf(model, stream(batchOf(PAIRS))).next(), { instanceOf: MillraceError });
    t.is(error.code, 'MILLRACE_USAGE');
    t.regex(error.message, /advanced-rnn with attention inner or cross/);
  }
});

for (const head of ['classifier', 'distance'] as const) {
  test.serial(
    `without attention: what a ${head} loses when a word is unknown, as if it had been asked so`,
    async (t) => {
      for (const model of [
        buildSimpleRnn({ ...CONFIG, head }),
        buildAdvancedRnn({ ...CONFIG, head, bidirectional: true, pooling: 'max' }),
      ]) {
        const before = memory().numTensors;
        const explanations: Explanation[] = [];
        const tokens = { premise: ['some'], hypothesis: ['words'] };
        const batches = stream(batchOf(PAIRS.slice(0, 3)), batchOf(PAIRS.slice(3)));
        for await (const one of explanationsOf(model, batches, () => tokens)) explanations.push(one);
        t.is(memory().numTensors, before);
        t.is(explanations.length, PAIRS.length);
        for (const [i, { importance }] of explanations.entries()) {
          t.is(importance!.tokens, tokens);
          const [premise, hypothesis] = PAIRS[i]!;
          const asked = (p: readonly number[], h: readonly number[]) => outputsOf(model, batchOf([[p, h]]));
          const whole = asked(premise, hypothesis);
          const answer = whole.indexOf(Math.max(...whole));
          const loss = (output: number[]) =>
            head === 'classifier' ? Math.log(whole[answer]! / output[answer]!) : whole[0]! - output[0]!;
          const without = (ids: readonly number[], word: number) => ids.map((id, at) => (at === word ? UNK_ID : id));
          const expected = [
            premise.map((_, word) => loss(asked(without(premise, word), hypothesis))),
            hypothesis.map((_, word) => loss(asked(premise, without(hypothesis, word)))),
          ];
          t.true(distance(importance!.premise, expected[0]!) < 1e-5);
          t.true(distance(importance!.hypothesis, expected[1]!) < 1e-5);
          t.true(importance!.premise.some((value) => value !== 0));
        }
        model.optimizer?.dispose();
        model.dispose();
      }
    },
  );
}
