import test from 'ava';
import type { EngineName } from '../../../engine/index.ts';
import { faults, operators } from './index.ts';

/**
 * Tests every operation on an engine.
 *
 * @param examine what is wrong with each operation there; undefined where the engine cannot run
 */
export function testOperators(engine: EngineName, examine: () => Promise<Record<string, string[]> | undefined>): void {
  let found: Record<string, string[]> | undefined;
  test.before(async () => {
    found = await examine();
  });

  for (const { name } of operators) {
    test(`${engine}: ${name}`, (t) => {
      if (found === undefined) {
        t.log(`not tested: ${engine} cannot run here`);
        return t.pass();
      }
      const fault = faults.find(({ engines, operations }) => engines.includes(engine) && operations.includes(name));
      if (fault === undefined) t.deepEqual(found[name], []);
      else t.not(found[name]!.length, 0, `It works, take it off the list of faults: ${fault.reason}`);
    });
  }
}
