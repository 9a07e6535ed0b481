import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import fc from 'fast-check';
import { type EngineName, startEngine } from '../../engine/index.ts';
import { fusedSequence } from '../../engine/kernels/recurrent-sequence.ts';
import { portableSequence } from '../../engine/portable/recurrent-sequence.ts';
import { gateCounts, type RecurrentCell, type RecurrentSequence } from '../../engine/recurrence.ts';
import { recurrentSequence } from '../../engine/recurrent-sequence.ts';
import { MillraceError } from '../../pipeline/errors.ts';
import { assertNear, builds, seededNumbers, share, valueAndGradients } from './numbers.ts';
import { numbersOf, type PlainSequence, plainSequence } from './plain-recurrence.ts';

const cells = Object.keys(gateCounts) as RecurrentCell[];

/** With padding at the end, anywhere, throughout, and nowhere. */
const sequences: fc.Arbitrary<PlainSequence & { seed: number }> = fc
  .record({
    cell: fc.constantFrom(...cells),
    batch: fc.integer({ min: 1, max: 7 }),
    length: fc.integer({ min: 1, max: 6 }),
    size: fc.integer({ min: 1, max: 9 }),
    units: fc.integer({ min: 1, max: 10 }),
    reverse: fc.boolean(),
    returns: fc.constantFrom('last', 'states'),
    seed: fc.nat({ max: 1e6 }),
    kind: fc.constantFrom('lengths', 'anywhere', 'nowhere'),
    chances: fc.array(fc.nat({ max: 6 }), { minLength: 42, maxLength: 42 }),
  })
  .map(({ kind, chances, ...shape }) => ({
    ...shape,
    mask: Array.from({ length: shape.batch * shape.length }, (_, word) => {
      if (kind === 'lengths') return word % shape.length < chances[Math.floor(word / shape.length)]!;
      return kind === 'nowhere' || chances[word]! > 2;
    }),
  }));

const numbersFor = (sequence: PlainSequence, seed: number) => seededNumbers(numbersOf(sequence), seed);

type Implementation = (sequence: RecurrentSequence) => tf.Tensor;

/** The output and the gradients of its weighted sum. */
function compute(implementation: Implementation, plain: PlainSequence, numbers: Float32Array[]): Float32Array[] {
  const { cell, batch, length, size, units, returns, reverse } = plain;
  const columns = gateCounts[cell] * units;
  const shapes = [[batch, length, size], [size, columns], [units, columns], [columns], [columns]];
  const apply = (...[words, input, hidden, bias, hiddenBias]: tf.Tensor[]): tf.Tensor => {
    const mask = tf.tensor2d(plain.mask.map(Number), [batch, length], 'bool');
    const weights = { input, hidden, bias, ...(hiddenBias && { hiddenBias }) };
    return implementation({ cell, words, mask, weights, returns, reverse } as RecurrentSequence);
  };
  return valueAndGradients(apply, numbers, shapes);
}

const names = ['value', 'gradient of words', 'of input', 'of hidden', 'of bias', 'of hiddenBias'];

async function fusedBuilds(): Promise<[string, Implementation][]> {
  return (await builds()).map(([build, kernels]) => [build, (sequence) => fusedSequence(kernels, sequence)]);
}

test.serial('fused and portable sequences are the same, values and gradients', async (t) => {
  const fused = await fusedBuilds();
  fc.assert(
    fc.property(sequences, ({ seed, ...sequence }) => {
      const numbers = numbersFor(sequence, seed);
      const expected = compute(portableSequence, sequence, numbers);
      for (const [build, implementation] of fused) {
        compute(implementation, sequence, numbers).forEach((found, i) => {
          assertNear(t, found, expected[i]!, 1e-5, `${build}: ${names[i]}`);
        });
      }
    }),
    { numRuns: 150, seed: 1 },
  );
});

test.serial('both are what the equations say, and their gradients are differences', async (t) => {
  const implementations: [string, Implementation][] = [...(await fusedBuilds()), ['portable', portableSequence]];
  const step = 1e-5;
  fc.assert(
    fc.property(sequences, ({ seed, ...sequence }) => {
      const numbers = numbersFor(sequence, seed);
      const value = plainSequence(sequence, numbers);
      const exact = numbers.map((values) => Float64Array.from(values));
      const loss = () => plainSequence(sequence, exact).reduce((sum, output, i) => sum + output * share(i), 0);
      // A step across the corner of ReLU has another slope than either side: such elements are left out.
      const differences = exact.map((values) =>
        values.map((value, i) => {
          const at = (by: number): number => {
            values[i] = value + by;
            const result = loss();
            values[i] = value;
            return result;
          };
          const [below, here, above] = [at(-step), at(0), at(step)];
          const isCorner = Math.abs(above - here - (here - below)) > 1e-3 * step;
          return isCorner ? Number.NaN : (above - below) / (2 * step);
        }),
      );
      for (const [name, implementation] of implementations) {
        const [found, ...gradients] = compute(implementation, sequence, numbers);
        assertNear(t, found!, value, 1e-5, `${name}: value`);
        gradients.forEach((gradient, i) => {
          const expected = differences[i]!.map((difference, j) =>
            Number.isNaN(difference) ? gradient[j]! : difference,
          );
          assertNear(t, gradient, expected, 2e-5, `${name}: ${names[i + 1]}`);
        });
      }
    }),
    { numRuns: 40, seed: 2 },
  );
});

for (const cell of cells) {
  test.serial(`${cell}: what stands at padding is never looked at`, async (t) => {
    const implementations: [string, Implementation][] = [...(await fusedBuilds()), ['portable', portableSequence]];
    const mask = [true, true, false, true, false, true, false, false, false];
    for (const reverse of [false, true]) {
      const sequence: PlainSequence = {
        cell,
        batch: 3,
        length: 3,
        size: 5,
        units: 6,
        mask,
        reverse,
        returns: 'states',
      };
      const numbers = numbersFor(sequence, 1);
      const spoilt = numbers.map((values) => values.slice());
      mask.forEach((isWord, word) => {
        if (!isWord) spoilt[0]!.fill(word === 2 ? Number.NaN : Number.POSITIVE_INFINITY, word * 5, word * 5 + 5);
      });
      for (const [name, implementation] of implementations) {
        t.deepEqual(compute(implementation, sequence, spoilt), compute(implementation, sequence, numbers), name);
      }
    }
  });
}

for (const engine of ['wasm', 'cpu'] as EngineName[]) {
  test.serial(`${engine}: hundreds of steps leave no tensor behind`, async (t) => {
    await startEngine(engine);
    const sequence: PlainSequence = {
      ...{ cell: 'gru', batch: 2, length: 3, size: 2, units: 3, reverse: false, returns: 'last' },
      mask: [true, true, false, true, true, true],
    };
    const numbers = numbersFor(sequence, 1);
    const takeStep = () => compute(recurrentSequence as Implementation, sequence, numbers);
    const first = takeStep();
    const before = { tensors: tf.memory().numTensors, data: tf.engine().backend.numDataIds() };
    for (let step = 0; step < 300; step++) takeStep();
    t.deepEqual({ tensors: tf.memory().numTensors, data: tf.engine().backend.numDataIds() }, before);
    t.deepEqual(takeStep(), first, 'the same to the last bit');
  });
}

test.serial('a batch without a word is zeros, and teaches nothing', async (t) => {
  for (const [name, implementation] of [...(await fusedBuilds()), ['portable', portableSequence] as const]) {
    for (const cell of cells) {
      const mask = [false, false, false, false];
      const sequence: PlainSequence = {
        cell,
        batch: 2,
        length: 2,
        size: 3,
        units: 5,
        mask,
        reverse: false,
        returns: 'last',
      };
      for (const values of compute(implementation, sequence, numbersFor(sequence, 1))) {
        t.true(
          values.every((value) => value === 0),
          `${name}, ${cell}`,
        );
      }
    }
  }
});

test.serial('wide sequences go through more than one block of every product', async (t) => {
  const [[, simd], [, relaxed]] = (await fusedBuilds()) as [[string, Implementation], [string, Implementation]];
  const lengths = Array.from({ length: 70 }, (_, i) => (i * 7) % 6);
  const mask = lengths.flatMap((length) => [0, 1, 2, 3, 4].map((step) => step < length));
  const sequence: PlainSequence = {
    cell: 'lstm',
    batch: 70,
    length: 5,
    size: 30,
    units: 133,
    mask,
    reverse: false,
    returns: 'last',
  };
  // Numbers of a size that leaves the gates some slope.
  const numbers = numbersFor(sequence, 1).map((values) => values.map((value) => value / 8));
  const expected = compute(portableSequence, sequence, numbers);
  for (const implementation of [simd, relaxed]) {
    compute(implementation, sequence, numbers).forEach((found, i) => {
      assertNear(t, found, expected[i]!, 1e-5, names[i]!);
    });
  }
});

test.serial('what does not fit is told by name', async (t) => {
  await startEngine('cpu');
  const right = {
    cell: 'gru',
    words: tf.zeros([2, 3, 4]),
    mask: tf.ones([2, 3], 'bool'),
    weights: { input: tf.zeros([4, 15]), hidden: tf.zeros([5, 15]), bias: tf.zeros([15]), hiddenBias: tf.zeros([15]) },
    returns: 'last',
  } as RecurrentSequence & { returns: 'last' };
  t.deepEqual(recurrentSequence(right).shape, [2, 5]);
  const wrong: [Partial<RecurrentSequence>, RegExp][] = [
    [{ cell: 'lstm' }, /input.*\[4,20\].*\[4,15\]/],
    [{ mask: tf.ones([2, 3]) }, /mask.*bool \[2,3\].*float32/],
    [{ mask: tf.ones([3, 2], 'bool') }, /mask.*\[2,3\].*\[3,2\]/],
    [
      { weights: { input: right.weights.input, hidden: right.weights.hidden, bias: right.weights.bias } },
      /a hiddenBias/,
    ],
  ];
  for (const [change, message] of wrong) {
    const error = t.throws(() => recurrentSequence({ ...right, ...change } as typeof right), {
      instanceOf: MillraceError,
    });
    t.is(error.code, 'MILLRACE_SHAPE');
    t.regex(error.message, message);
  }
});
