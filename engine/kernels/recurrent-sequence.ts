/**
 * Recurrent networks by our own kernels (`assembly/sequence.ts`): the words of all steps are multiplied in one product,
 * the steps run without leaving WebAssembly, and so do those of the way back (back-propagation through time), after which
 * each gradient of a weight is one product over all steps. Padding takes part in none of it.
 */

import * as tf from '@tensorflow/tfjs-core';
import { gateCounts, type RecurrentSequence } from '../recurrence.ts';
import { addressOf, type WasmBackend, withMemory } from '../wasm-backend.ts';
import { cellCodes, type Kernels } from './exports.ts';
import { clear, makeTensor, placeIntegers } from './memory.ts';
import { multiply } from './product.ts';
import { layOut, type Steps } from './steps.ts';

const FLOAT = Float32Array.BYTES_PER_ELEMENT;

export function fusedSequence(kernels: Kernels, sequence: RecurrentSequence): tf.Tensor {
  const { cell, words, mask, weights, returns, reverse = false } = sequence;
  const backend = tf.backend() as unknown as WasmBackend;
  const [batch, length, size] = words.shape;
  const units = weights.hidden.shape[0];
  const columns = gateCounts[cell] * units;
  const steps = layOut(backend.typedArrayFromHeap(mask), batch, length, reverse);
  const run = { kernels, backend, cell, returns, batch, length, size, units, columns, steps };
  const operation = tf.customGrad((...args) => {
    const save = args.at(-1) as unknown as tf.GradSaveFunc;
    const inputs = args.slice(0, -1) as tf.Tensor[];
    const { value, gates, states, extra } = runForward(run, inputs);
    const [words, input, hidden] = inputs as [tf.Tensor, tf.Tensor, tf.Tensor];
    save([words, input, hidden, gates, states, extra]);
    return { value, gradFunc: (dy, saved) => runBackward(run, dy as tf.Tensor, saved) };
  });
  const { input, hidden, bias, hiddenBias } = weights;
  return operation(words, input, hidden, bias, ...(hiddenBias ? [hiddenBias] : []));
}

interface Run {
  readonly kernels: Kernels;
  readonly backend: WasmBackend;
  readonly cell: RecurrentSequence['cell'];
  readonly returns: RecurrentSequence['returns'];
  readonly batch: number;
  readonly length: number;
  /** Of a word. */
  readonly size: number;
  readonly units: number;
  /** Of the weights: the units of all gates. */
  readonly columns: number;
  readonly steps: Steps;
}

function runForward(
  { kernels, backend, cell, returns, batch, length, size, units, columns, steps }: Run,
  inputs: tf.Tensor[],
) {
  const { run, scratch } = kernels;
  const { counts, rows, wordOfRow } = steps;
  const isSimple = cell === 'relu' || cell === 'tanh';
  const gates = makeTensor(backend, [rows, columns]);
  const states = isSimple ? gates : makeTensor(backend, [rows, units]);
  const extra = isSimple ? gates : makeTensor(backend, [rows, units]);
  const value = makeTensor(backend, returns === 'last' ? [batch, units] : [batch, length, units]);
  const rowsOfValue = returns === 'last' ? steps.lastRow : steps.rowOfWord;
  const [words, input, hidden, bias, hiddenBias] = inputs.map((tensor) => addressOf(backend, tensor));
  const [gatesAt, statesAt, extraAt] = [gates, states, extra].map((tensor) => addressOf(backend, tensor));
  const sizes = [
    ...[counts.byteLength, wordOfRow.byteLength, rowsOfValue.byteLength],
    ...[rows * size * FLOAT, run.packedSize(units, columns), (units + (cell === 'gru' ? batch * columns : 0)) * FLOAT],
  ];
  withMemory(backend, sizes, ([countsAt, wordOfRowAt, rowsOfValueAt, packedWords, packedHidden, work]) => {
    placeIntegers(backend, countsAt!, counts);
    placeIntegers(backend, wordOfRowAt!, wordOfRow);
    placeIntegers(backend, rowsOfValueAt!, rowsOfValue);
    run.gatherRows(words!, wordOfRowAt!, rows, size, packedWords!);
    multiply(kernels, { rows, inner: size, columns, left: packedWords!, right: input!, bias, out: gatesAt! });
    run.packMatrix(units, columns, hidden!, 0, packedHidden!);
    run.sequenceForward(
      ...[cellCodes[cell], counts.length, countsAt!, units, packedHidden!, hiddenBias ?? 0],
      ...[gatesAt!, statesAt!, extraAt!, work!, scratch],
    );
    run.gatherRows(statesAt!, rowsOfValueAt!, rowsOfValue.length, units, addressOf(backend, value));
  });
  return { value, gates, states, extra };
}

function runBackward(
  { kernels, backend, cell, returns, batch, length, size, units, columns, steps }: Run,
  dy: tf.Tensor,
  saved: tf.Tensor[],
): tf.Tensor[] {
  const { run, scratch } = kernels;
  const { counts, rows, wordOfRow, rowOfWord, order } = steps;
  const isGru = cell === 'gru';
  const shapes = [[batch, length, size], [size, columns], [units, columns], [columns], ...(isGru ? [[columns]] : [])];
  const gradients = shapes.map((shape) => makeTensor(backend, shape));
  const [dWords, dInput, dHidden, dBias, dHiddenBias] = gradients.map((tensor) => addressOf(backend, tensor));
  const [words, input, hidden, gates, states, extra] = saved.map((tensor) => addressOf(backend, tensor));
  const dValue = addressOf(backend, dy);
  const firstRows = counts[0] ?? 0;
  const later = rows - firstRows;
  const sizes = [
    ...[counts.byteLength, wordOfRow.byteLength, rowOfWord.byteLength, order.byteLength],
    ...[rows * size, rows * columns, isGru ? rows * columns : 0].map((count) => count * FLOAT),
    ...[returns === 'states' ? rows * units : 0, batch * units, batch * units, units, later * units].map(
      (count) => count * FLOAT,
    ),
    run.packedSize(columns, units),
  ];
  withMemory(backend, sizes, (addresses) => {
    const [countsAt, wordOfRowAt, rowOfWordAt, orderAt, ...numbers] = addresses as [number, number, number, number];
    const [packedWords, dGates, dSumsOfGru, dOutputs, dStates, dCells, work, before, packedHidden] =
      numbers as number[];
    placeIntegers(backend, countsAt, counts);
    placeIntegers(backend, wordOfRowAt, wordOfRow);
    placeIntegers(backend, rowOfWordAt, rowOfWord);
    placeIntegers(backend, orderAt, order);
    if (returns === 'last') run.gatherRows(dValue, orderAt, order.length, units, dStates!);
    else {
      run.gatherRows(dValue, wordOfRowAt, rows, units, dOutputs!);
      clear(backend, dStates!, batch * units);
    }
    run.packMatrix(columns, units, hidden!, 1, packedHidden!);
    const dSums = isGru ? dSumsOfGru! : dGates!;
    run.sequenceBackward(
      ...[cellCodes[cell], counts.length, countsAt, units, rows, packedHidden!, gates!, states!, extra!],
      ...[returns === 'states' ? dOutputs! : 0, dStates!, dCells!, dGates!, dSums, work!, scratch],
    );

    run.gatherRows(words!, wordOfRowAt, rows, size, packedWords!);
    const [left, right] = [packedWords!, dGates!];
    multiply(kernels, { rows: size, inner: rows, columns, left, leftTransposed: true, right, out: dInput! });
    run.statesBefore(counts.length, countsAt, units, states!, before!);
    multiply(kernels, {
      ...{ rows: units, inner: later, columns, left: before!, leftTransposed: true },
      ...{ right: dSums + firstRows * columns * FLOAT, out: dHidden! },
    });
    run.sumRows(dGates!, rows, columns, dBias!);
    if (dHiddenBias !== undefined) run.sumRows(dSums, rows, columns, dHiddenBias);
    // The words were last needed above: their gradient, in the same order, takes their place.
    multiply(kernels, {
      ...{ rows, inner: columns, columns: size, left: dGates!, right: input!, rightTransposed: true },
      out: packedWords!,
    });
    run.gatherRows(packedWords!, rowOfWordAt, rowOfWord.length, size, dWords!);
  });
  return gradients;
}
