/** The same numbers as PyTorch's networks with the same weights: `reference/recurrent.py` writes them. */
import { readFileSync } from 'node:fs';
import { cast, mul, type Tensor, tensor, type Variable, variable } from '@tensorflow/tfjs-core';
import test from 'ava';
import { startEngine } from '../../engine/index.ts';
import { Pooling } from '../../models/layers/pooling.ts';
import { RecurrentLayer } from '../../models/layers/recurrent-layer.ts';
import { distance, tapeGradients } from './helpers.ts';

interface Case {
  readonly cell: 'tanh' | 'relu' | 'lstm' | 'gru';
  readonly layers: number;
  readonly bidirectional: boolean;
  readonly pooling: 'last' | 'max' | 'mean';
  readonly words: number[];
  readonly encoding: number[];
  readonly wordsGradient: number[];
  /** By PyTorch's names. */
  readonly weights: Record<string, number[]>;
  readonly gradients: Record<string, number[]>;
}

const { shape, cases } = JSON.parse(
  readFileSync(new URL('reference/recurrent.json', import.meta.url), 'utf8'),
) as unknown as {
  shape: { batch: number; length: number; size: number; units: number; lengths: number[] };
  cases: Case[];
};
const { batch, length, size, units, lengths } = shape;
const mask = lengths.map((own) => Array.from({ length }, (_, i) => Number(i < own)));

/** PyTorch has `[gates, inputs]` where we have `[inputs, gates]`. */
function transposed(values: number[], columns: number): number[] {
  const rows = values.length / columns;
  return Array.from({ length: values.length }, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!);
}

/** Of one direction of one layer, in the order of our weights: input, hidden, bias and the GRU's hidden bias. */
function ours(
  { cell, bidirectional }: Case,
  values: Record<string, number[]>,
  suffix: string,
  isFirst: boolean,
  biases: 'sum' | 'first',
): number[][] {
  const of = (name: string) => values[`${name}_${suffix}`]!;
  const [first, second] = [of('bias_ih'), of('bias_hh')];
  return [
    transposed(of('weight_ih'), isFirst ? size : units * (bidirectional ? 2 : 1)),
    transposed(of('weight_hh'), units),
    ...(cell === 'gru' ? [first, second] : [biases === 'sum' ? first.map((x, i) => x + second[i]!) : first]),
  ];
}

function networkOf(one: Case): RecurrentLayer[] {
  const { cell, bidirectional, pooling, layers } = one;
  return Array.from({ length: layers }, (_, index) => {
    const returns = index === layers - 1 && pooling === 'last' ? 'last' : 'states';
    const layer = new RecurrentLayer({ cell, units, bidirectional, returns, seed: 1 });
    layer.build([null, null, index === 0 ? size : units * (bidirectional ? 2 : 1)]);
    const values = suffixes(index, one).flatMap((suffix) => ours(one, one.weights, suffix, index === 0, 'sum'));
    layer.setWeights(layer.weights.map(({ shape }, i) => tensor(values[i]!, shape as number[])));
    return layer;
  });
}

const suffixes = (layer: number, { bidirectional }: Case) =>
  bidirectional ? [`l${layer}`, `l${layer}_reverse`] : [`l${layer}`];

for (const engine of ['cpu', 'wasm'] as const) {
  test.serial(`${engine}: encodings and gradients are PyTorch's`, async (t) => {
    await startEngine(engine);
    for (const one of cases) {
      const { layers, pooling, bidirectional, cell } = one;
      const name = `${cell}, ${layers} layers, ${bidirectional ? 'both directions' : 'one direction'}, ${pooling}`;
      const network = networkOf(one);
      const words = variable(tensor(one.words, [batch, length, size]));
      const encode = () => {
        const known = { mask: cast(tensor(mask), 'bool') };
        const states = network.reduce<Tensor>((input, layer) => layer.apply(input, known) as Tensor, words);
        return pooling === 'last' ? states : (new Pooling({ method: pooling }).apply(states, known) as Tensor);
      };
      t.true(distance(encode().dataSync(), one.encoding) < 1e-5, name);

      const count = one.encoding.length;
      const weight = Array.from({ length: count }, (_, i) => -1 + (2 * i) / (count - 1));
      const variables = network.flatMap((layer) => layer.trainableWeights.map((each) => each.read() as Variable));
      const [ofWords, ...found] = tapeGradients(
        () => mul(encode(), tensor(weight, encode().shape)),
        [words, ...variables],
      );
      t.true(distance(ofWords!, one.wordsGradient) < 1e-5, `${name}: words`);
      // The gradient of a sum of biases is that of each.
      const expected = network.flatMap((_, layer) =>
        suffixes(layer, one).flatMap((suffix) => ours(one, one.gradients, suffix, layer === 0, 'first')),
      );
      t.is(found.length, expected.length);
      for (const [i, values] of expected.entries()) {
        t.true(distance(found[i]!, values) < 1e-5, `${name}: ${variables[i]!.name}`);
      }
    }
  });
}
