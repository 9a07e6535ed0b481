import { dispose, memory } from '@tensorflow/tfjs-core';
import test from 'ava';
import { startEngine } from '../../engine/index.ts';
import { type PairExample, toDataset } from '../../models/dataset.ts';
import { MillraceError } from '../../pipeline/errors.ts';
import type { PairBatch } from '../../stages/records.ts';
import { batchOf, type IdPair, stream } from './helpers.ts';

const PAIRS: IdPair[] = [
  [[2, 3], [4], 'contradiction'],
  [[5], [6, 7, 8], 'entailment'],
];

const free = ({ xs, ys }: PairExample) => dispose([xs.premise, xs.hypothesis, ys]);

/** A source that knows whether it was opened and closed. */
function watched(batches: number) {
  const state = { opened: 0, closed: 0, epochs: [] as number[] };
  async function* open(epoch: number): AsyncGenerator<PairBatch, void> {
    state.opened++;
    state.epochs.push(epoch);
    try {
      for (let i = 0; i < batches; i++) yield batchOf(PAIRS);
    } finally {
      state.closed++;
    }
  }
  return { state, open };
}

test.before(async () => {
  await startEngine('cpu');
});

test.serial('a batch becomes an int32 tensor for each sentence and a one-hot row for each label', async (t) => {
  const [example] = await toDataset(() => stream(batchOf(PAIRS))).toArray();
  const { xs, ys } = example!;
  t.deepEqual(
    [xs.premise.arraySync(), xs.hypothesis.arraySync()],
    [
      [
        [2, 3],
        [5, 0],
      ],
      [
        [4, 0, 0],
        [6, 7, 8],
      ],
    ],
  );
  t.deepEqual(ys.arraySync(), [
    [0, 0, 1],
    [1, 0, 0],
  ]);
  t.deepEqual([xs.premise.dtype, xs.hypothesis.dtype, ys.dtype], ['int32', 'int32', 'float32']);
  free(example!);
});

test.serial('the distance head gets the scores it is to reach', async (t) => {
  const [example] = await toDataset(() => stream(batchOf(PAIRS)), { head: 'distance' }).toArray();
  t.deepEqual(example!.ys.arraySync(), [[-10], [10]]);
  free(example!);
});

test.serial('the distance head gets the own scores of the pairs, if these are to be learnt', async (t) => {
  const scored: IdPair[] = PAIRS.map(([premise, hypothesis], i) => [premise, hypothesis, undefined, 1.5 - i]);
  const options = { head: 'distance', target: 'score' } as const;
  const [example] = await toDataset(() => stream(batchOf(scored)), options).toArray();
  t.deepEqual(example!.ys.arraySync(), [[1.5], [0.5]]);
  free(example!);
  const lacking = toDataset(() => stream(batchOf([...scored, [[2], [3], 'neutral']])), options).toArray();
  const error = await t.throwsAsync(lacking, { instanceOf: MillraceError });
  t.is(error.code, 'MILLRACE_BAD_RECORD');
  t.regex(error.message, /^pairs\.jsonl:3: The pair has no score to learn from \(pair-2\); expected a finite number$/);
  const usage = t.throws(() => toDataset(() => stream(), { target: 'score' }), { instanceOf: MillraceError });
  t.is(usage.code, 'MILLRACE_USAGE');
});

test.serial('models that take more get lengths and transitions, and nothing that they do not take', async (t) => {
  const batch = batchOf(PAIRS);
  const transitions = { moves: Int32Array.of(0, 0, 1, 0, -1, -1), lengths: Int32Array.of(3, 1), width: 3 };
  const parsed = { ...batch, premise: { ...batch.premise, transitions } };
  const inputs = ['hypothesis', 'premise_transitions', 'premise_lengths', 'hypothesis_lengths'];
  const [example] = await toDataset(() => stream(parsed), { inputs }).toArray();
  const { xs } = example!;
  t.deepEqual(Object.keys(xs), inputs);
  t.deepEqual(xs.premise_transitions?.arraySync(), [
    [0, 0, 1],
    [0, -1, -1],
  ]);
  t.deepEqual(
    [xs.premise_lengths?.arraySync(), xs.hypothesis_lengths?.arraySync()],
    [
      [[2], [1]],
      [[1], [3]],
    ],
  );
  t.true(Object.values(xs).every(({ dtype }) => dtype === 'int32'));
  dispose([...Object.values(xs), example!.ys]);

  const before = memory().numTensors;
  const missing = toDataset(() => stream(parsed), { inputs: ['hypothesis_transitions'] }).toArray();
  const error = await t.throwsAsync(missing, { instanceOf: MillraceError });
  t.is(error?.code, 'MILLRACE_SHAPE');
  t.is(memory().numTensors, before);
});

test.serial('empty sentences are a column of padding', async (t) => {
  const [example] = await toDataset(() => stream(batchOf([[[], [], 'neutral']]))).toArray();
  t.deepEqual(example!.xs.premise.arraySync(), [[0]]);
  free(example!);
});

test.serial('nothing is opened before it is read, and every epoch opens anew and closes', async (t) => {
  const { state, open } = watched(2);
  const dataset = toDataset(open);
  t.is(state.opened, 0);
  for (let epoch = 0; epoch < 2; epoch++) {
    let batches = 0;
    for await (const example of dataset) {
      free(example);
      batches++;
    }
    t.is(batches, 2);
  }
  t.deepEqual(state, { opened: 2, closed: 2, epochs: [0, 1] });
});

test.serial('a repeating dataset goes on until the reader stops, which closes the source', async (t) => {
  const { state, open } = watched(2);
  let batches = 0;
  for await (const example of toDataset(open, { repeat: true })) {
    free(example);
    if (++batches === 5) break;
  }
  t.deepEqual(state, { opened: 3, closed: 3, epochs: [0, 1, 2] });
});

test.serial('close() closes what a tf.data iterator left open', async (t) => {
  const { state, open } = watched(3);
  const dataset = toDataset(open);
  const iterator = await dataset.iterator();
  const { value } = await iterator.next();
  free(value);
  t.deepEqual([state.opened, state.closed], [1, 0]);
  await dataset.close();
  t.deepEqual([state.opened, state.closed], [1, 1]);
  t.true((await iterator.next()).done);
});

test.serial('an error of the source reaches the reader', async (t) => {
  const open = async function* (): AsyncGenerator<PairBatch, void> {
    yield batchOf(PAIRS);
    throw new Error('the disk is gone');
  };
  const read = async () => {
    for await (const example of toDataset(open)) free(example);
  };
  await t.throwsAsync(read, { message: 'the disk is gone' });
});

test.serial('an empty epoch is an error, repeating or not', async (t) => {
  for (const repeat of [false, true]) {
    const error = await t.throwsAsync(() => toDataset(() => stream(), { repeat }).toArray(), {
      instanceOf: MillraceError,
    });
    t.is(error.code, 'MILLRACE_BAD_RECORD');
  }
});

test.serial('a pair without a label is an error that says which', async (t) => {
  const batch = batchOf([...PAIRS, [[2], [3]]]);
  const error = await t.throwsAsync(() => toDataset(() => stream(batch)).toArray(), { instanceOf: MillraceError });
  t.is(error.code, 'MILLRACE_BAD_RECORD');
  t.regex(error.message, /^pairs\.jsonl:3: .*pair-2/i);
});

test.serial('no tensor is left behind, whether an epoch is read to its end, left early, or fails', async (t) => {
  const bad = batchOf([[[2], [3]]]);
  const before = memory().numTensors;
  for (let epoch = 0; epoch < 3; epoch++) {
    await toDataset(() => stream(batchOf(PAIRS), batchOf(PAIRS))).forEachAsync(free);
    for await (const example of toDataset(() => stream(batchOf(PAIRS), batchOf(PAIRS)))) {
      free(example);
      break;
    }
    await t.throwsAsync(() => toDataset(() => stream(bad)).forEachAsync(free));
  }
  t.is(memory().numTensors, before);
});
