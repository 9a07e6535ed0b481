import { memory, tensor2d } from '@tensorflow/tfjs-core';
import test from 'ava';
import fc from 'fast-check';
import { addToRows, type EngineName, startEngine } from '../../engine/index.ts';

const number = fc.float({ noNaN: true, min: -100, max: 100 });

for (const engine of ['wasm', 'cpu'] as const satisfies EngineName[]) {
  test.serial(`${engine}: rows are added to, in their order, and all else stays`, async (t) => {
    await startEngine(engine);
    const before = memory().numTensors;
    const table = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 4 })).chain(([rows, width]) =>
      fc.record({
        width: fc.constant(width),
        values: fc.array(number, { minLength: rows * width, maxLength: rows * width }),
        added: fc.array(fc.tuple(fc.nat(rows - 1), fc.array(number, { minLength: width, maxLength: width })), {
          maxLength: 6,
        }),
      }),
    );
    fc.assert(
      fc.property(table, ({ width, values, added }) => {
        const tensor = tensor2d(Float32Array.from(values), [values.length / width, width]);
        const rows = Float32Array.from([...added.flatMap(([, row]) => row), 1, 2]);
        addToRows(
          tensor,
          Int32Array.from(added, ([index]) => index),
          rows,
        );
        const expected = Float32Array.from(values);
        for (const [index, row] of added) {
          for (const [k, x] of row.entries()) expected[index * width + k]! += x;
        }
        t.deepEqual(tensor.dataSync(), expected);
        tensor.dispose();
      }),
    );
    t.is(memory().numTensors, before);
  });
}
