import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import test from 'ava';
import { startEngine } from '../../engine/index.ts';
import { type AdvancedRnnConfig, buildAdvancedRnn } from '../../models/advanced-rnn.ts';
import { toInputs } from '../../models/dataset.ts';
import { attentionOf } from '../../models/explain.ts';
import { plainSequence } from '../engine/plain-recurrence.ts';
import { batchOf, distance, randomTensor, stream, tinyPairs } from './helpers.ts';
import { plainSoftmax, type Rows, rowsOf, times, transposed } from './layers/plain-matrices.ts';

/** The papers' equations pair by pair and number by number, in float64, with a model's own weights. */
class Plain {
  readonly #model: LayersModel;
  readonly #units: number;

  constructor(model: LayersModel, units: number) {
    this.#model = model;
    this.#units = units;
  }

  words(ids: readonly number[]): number[][] {
    const [table] = this.#weights('word_embedding');
    return ids.map((id) => table![id]!);
  }

  /** `f(rows W + b)` */
  linear(rows: Rows, name: string, activation: (x: number) => number): number[][] {
    const [kernel, bias] = this.#weights(name);
    return times(rows, kernel!).map((row) => row.map((x, i) => activation(x + bias![0]![i]!)));
  }

  feedForward(rows: Rows, name: string): number[][] {
    return this.linear(this.linear(rows, `${name}_1`, relu), `${name}_2`, relu);
  }

  recurrent(rows: Rows, name: string): number[][] {
    const weights = this.#weights(name).map((matrix) => matrix.flat());
    const size = rows[0]!.length;
    const shape = { cell: 'lstm', returns: 'states', batch: 1, length: rows.length, size, units: this.#units } as const;
    const mask = rows.map(() => true);
    const [forward, backward] = [false, true].map((reverse) =>
      rowsOf(
        plainSequence({ ...shape, mask, reverse }, [rows.flat(), ...weights.slice(reverse ? 3 : 0, reverse ? 6 : 3)]),
        this.#units,
      ),
    );
    return forward!.map((row, i) => [...row, ...backward![i]!]);
  }

  classify(row: readonly number[]): number[] {
    const [scores] = this.linear([row], 'label', (x) => x);
    return softmax(scores!);
  }

  #weights(layer: string): number[][][] {
    const weights = this.#model.getLayer(layer).getWeights();
    return weights.map((weight) => rowsOf(weight.dataSync(), weight.shape.at(-1)!));
  }
}

const relu = (x: number) => Math.max(0, x);
const softmax = (row: readonly number[]) =>
  plainSoftmax(
    row,
    row.map(() => 1),
  );
const beside = (a: Rows, b: Rows) => a.map((row, i) => [...row, ...b[i]!]);
const sumOf = (rows: Rows) => transposed(rows).map((column) => column.reduce((sum, x) => sum + x, 0));

/** Parikh et al. 2016, equations 1 to 5. */
function decomposable(plain: Plain, ...sentences: [Rows, Rows]) {
  const [a, b] = sentences;
  const [f, g] = [plain.feedForward(a, 'align'), plain.feedForward(b, 'align')];
  const attention = [times(f, transposed(g)).map(softmax), times(g, transposed(f)).map(softmax)] as const;
  const compared = [beside(a, times(attention[0], b)), beside(b, times(attention[1], a))];
  const sums = compared.flatMap((rows) => sumOf(plain.feedForward(rows, 'compare')));
  return { attention, probabilities: plain.classify(plain.feedForward([sums], 'aggregate')[0]!) };
}

/** Chen et al. 2017, sections 3.1 to 3.3. */
function esim(plain: Plain, ...sentences: [Rows, Rows]) {
  const [a, b] = [plain.recurrent(sentences[0], 'recurrent_1'), plain.recurrent(sentences[1], 'recurrent_1')];
  const attention = [times(a, transposed(b)).map(softmax), times(b, transposed(a)).map(softmax)] as const;
  const known = [[a, times(attention[0], b)] as const, [b, times(attention[1], a)] as const].flatMap(
    ([own, aligned]) => {
      const enhanced = own.map((row, i) => {
        const other = aligned[i]!;
        return [...row, ...other, ...row.map((x, k) => x - other[k]!), ...row.map((x, k) => x * other[k]!)];
      });
      const composed = plain.recurrent(plain.linear(enhanced, 'enhanced_projection', relu), 'composition');
      const mean = sumOf(composed).map((x) => x / composed.length);
      return [...mean, ...transposed(composed).map((column) => Math.max(...column))];
    },
  );
  return { attention, probabilities: plain.classify(plain.linear([known], 'hidden', Math.tanh)[0]!) };
}

const CONFIG = { vocabularySize: 12, embeddingSize: 5, hiddenSize: 4, seed: 0 };
const PAIRS = tinyPairs(7, 1);

for (const [compose, plainly] of Object.entries({ decomposable, esim })) {
  for (const engine of ['cpu', 'wasm'] as const) {
    test.serial(`${engine}: ${compose} is its equations, from words to probabilities`, async (t) => {
      await startEngine(engine);
      const options: AdvancedRnnConfig = { ...CONFIG, attention: 'cross', compose: compose as 'esim' };
      const model = buildAdvancedRnn(options);
      model.setWeights(model.getWeights().map(({ shape }, i) => randomTensor(shape, 20 + i)));
      const batch = batchOf(PAIRS);
      const { premise, hypothesis } = toInputs(batch);
      const found = rowsOf((model.predict([premise, hypothesis]) as Tensor).dataSync(), 3);
      const attentions = attentionOf(model, stream(batch));
      const plain = new Plain(model, CONFIG.hiddenSize);
      for (const [i, [p, h]] of PAIRS.entries()) {
        const { probabilities, attention } = plainly(plain, plain.words(p), plain.words(h));
        t.true(distance(found[i]!, probabilities) < 1e-5, `${found[i]} ${probabilities}`);
        const { value } = await attentions.next();
        t.true(distance(value!.premise.flat(), attention[0].flat()) < 1e-5);
        t.true(distance(value!.hypothesis.flat(), attention[1].flat()) < 1e-5);
      }
      t.true(distance(found[0]!, found[1]!) > 0.01);
    });
  }
}
