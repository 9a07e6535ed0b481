/** Tests on the real corpora: one that needs a corpus skips, and says so, where it is absent. */
import type { ExecutionContext, ImplementationFn } from 'ava';
import test from 'ava';
import { realData } from './real-files.ts';

export { realData };

/** A test on one of the real corpora. */
export function testOnReal(
  corpus: keyof typeof realData,
  title: string,
  run: (t: ExecutionContext, path: string) => ReturnType<ImplementationFn<[]>>,
): void {
  const path = realData[corpus];
  if (path !== undefined) {
    test(title, (t) => run(t, path));
    return;
  }
  console.log(`skipped, since the real ${corpus} data is not there: ${title}`);
  test.skip(title, (t) => t.fail());
}
