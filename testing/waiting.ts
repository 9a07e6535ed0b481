/** Waiting for what happens by itself, and for what goes wrong. */
import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';

/** Lets everything happen that can happen by itself. */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await setImmediate();
}

/** Waits for a condition; the test's own time limit is the only limit. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate();
}

/** What a promise was rejected with. A promise that is fulfilled fails the test. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return assert.fail('it did not reject');
}

/** The records that came, and the error that ended them if one did. */
export async function untilFailure<T>(source: AsyncIterable<T>): Promise<{ records: T[]; error?: unknown }> {
  const records: T[] = [];
  try {
    for await (const record of source) records.push(record);
  } catch (error) {
    return { records, error };
  }
  return { records };
}
