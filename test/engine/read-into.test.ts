import { reshape, tensor2d } from '@tensorflow/tfjs-core';
import test from 'ava';
import { type EngineName, readInto, startEngine } from '../../engine/index.ts';

for (const engine of ['wasm', 'cpu'] as const satisfies EngineName[]) {
  test.serial(`${engine}: numbers are copied to where they should be, and stay there`, async (t) => {
    await startEngine(engine);
    const tensor = tensor2d([1, -2.5, 3, 4e-30, 5, Number.NaN], [2, 3]);
    const memory = new Float32Array(new SharedArrayBuffer(32)).fill(9);
    await readInto(reshape(tensor, [6]), memory.subarray(1));
    tensor.dispose();
    t.deepEqual([...memory], [9, 1, -2.5, 3, Math.fround(4e-30), 5, Number.NaN, 9]);
    await t.throwsAsync(readInto(tensor2d([[1, 2]]), memory.subarray(7)), { instanceOf: RangeError });
  });
}
