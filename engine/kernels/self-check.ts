import { MillraceError } from '../../pipeline/errors.ts';
import { type WasmBackend, withMemory } from '../wasm-backend.ts';
import { cellCodes, type Kernels } from './exports.ts';
import { multiplyPlainly } from './plain-product.ts';
import { multiply } from './product.ts';

const FLOAT = Float32Array.BYTES_PER_ELEMENT;
const TOLERANCE = 1e-5;

/**
 * Has kernels compute a small product and a small sequence, and compares them with plain numbers.
 *
 * @throws MillraceError `MILLRACE_ENGINE` when they differ
 */
export function checkKernels(backend: WasmBackend, kernels: Kernels): void {
  checkProduct(backend, kernels);
  checkSequence(backend, kernels);
}

/** With whole tiles and some at each edge. */
function checkProduct(backend: WasmBackend, kernels: Kernels): void {
  const shape = { rows: 5, inner: 6, columns: 11 };
  const sizes = [5 * 6, 6 * 11, 5 * 11, 5 * 11].map((count) => count * FLOAT);
  withMemory(backend, sizes, ([left, right, out, expected]) => {
    const heap = backend.wasm.HEAPU8.buffer;
    wave(new Float32Array(heap, left!, 5 * 6));
    wave(new Float32Array(heap, right!, 6 * 11));
    new Float32Array(heap, out!, 5 * 11).fill(Number.NaN);
    multiply(kernels, { ...shape, left: left!, right: right!, out: out! });
    multiplyPlainly(heap, { ...shape, left: left!, right: right!, out: expected! });
    compare('product', new Float32Array(heap, out!, 5 * 11), new Float32Array(heap, expected!, 5 * 11));
  });
}

/** An LSTM over two steps, with a whole vector of units and a single one. */
function checkSequence(backend: WasmBackend, { run, scratch }: Kernels): void {
  const units = 5;
  const row = 4 * units;
  const sizes = [2 * FLOAT, units * row * FLOAT, run.packedSize(units, row), 2 * row * FLOAT];
  const others = [2 * units * FLOAT, 2 * units * FLOAT, units * FLOAT];
  withMemory(backend, [...sizes, ...others], ([counts, weights, packed, gates, states, cells, work]) => {
    const heap = backend.wasm.HEAPU8.buffer;
    new Int32Array(heap, counts!, 2).fill(1);
    const [w, x] = [wave(new Float32Array(heap, weights!, units * row)), wave(new Float32Array(heap, gates!, 2 * row))];
    const expected = lstm(x.slice(), w, units);
    new Float32Array(heap, states!, 2 * units).fill(Number.NaN);
    run.packMatrix(units, row, weights!, 0, packed!);
    run.sequenceForward(cellCodes.lstm, 2, counts!, units, packed!, 0, gates!, states!, cells!, work!, scratch);
    compare('sequence', new Float32Array(heap, states!, 2 * units), expected);
  });
}

function lstm(sums: Float32Array, weights: Float32Array, units: number): Float32Array {
  const row = 4 * units;
  const states = new Float32Array(2 * units);
  const cells = new Float64Array(units);
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  for (let step = 0; step < 2; step++) {
    const at = (gate: number, unit: number): number => {
      let sum = sums[step * row + gate * units + unit]!;
      if (step > 0) for (let i = 0; i < units; i++) sum += states[i]! * weights[i * row + gate * units + unit]!;
      return sum;
    };
    for (let unit = 0; unit < units; unit++) {
      cells[unit] = sigmoid(at(1, unit)) * cells[unit]! + sigmoid(at(0, unit)) * Math.tanh(at(2, unit));
      states[step * units + unit] = sigmoid(at(3, unit)) * Math.tanh(cells[unit]!);
    }
  }
  return states;
}

/** Numbers between -1 and 1 that differ from one another. */
function wave(numbers: Float32Array): Float32Array {
  for (let i = 0; i < numbers.length; i++) numbers[i] = Math.sin(1 + i);
  return numbers;
}

function compare(what: string, found: Float32Array, expected: Float32Array): void {
  const wrong = found.findIndex((value, i) => !(Math.abs(value - expected[i]!) < TOLERANCE));
  if (wrong < 0) return;
  throw new MillraceError('MILLRACE_ENGINE', `The ${what} of the wasm engine's kernels is wrong`, {
    expected: String(expected[wrong]),
    found: found[wrong],
  });
}
