/** What the tests of the streaming core share: records of every kind of column, and a source that keeps accounts. */
import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import {
  ArrayChunk,
  type Chunk,
  ColumnChunk,
  ConstantColumn,
  DictionaryColumn,
  Int32Column,
  Int32ListColumn,
  Pipeline,
  type Source,
  type SourceContext,
  Utf8Column,
  Utf8ListColumn,
} from '../../pipeline/index.ts';

/** A record with one field for each kind of column. */
export interface Word {
  readonly id: number;
  readonly text?: string;
  readonly letters?: readonly string[];
  readonly lemma: { readonly kind?: Kind; readonly codes?: ArrayLike<number> };
  readonly corpus: string;
}

type Kind = (typeof KINDS)[number];

const KINDS = ['noun', 'verb'] as const;

/** The `index`-th of a fixed row of words; some have absent fields, some are not ASCII. */
function wordAt(index: number): Word {
  const text = index % 5 === 4 ? undefined : `${['n', 'é', '😀', 'x'].slice(0, index % 5).join('')}${index}`;
  const letters = text === undefined ? undefined : [...text];
  const codes = index % 7 === 6 ? undefined : (letters ?? []).map((letter) => letter.codePointAt(0) as number);
  const kind = KINDS[index % 3];
  return {
    id: index,
    ...(text !== undefined && { text }),
    ...(letters && { letters }),
    lemma: { ...(kind && { kind }), ...(codes && { codes }) },
    corpus: 'made up',
  };
}

export function words(count: number, from = 0): Word[] {
  return Array.from({ length: count }, (_, index) => wordAt(from + index));
}

/** The words as a table. */
export function tableOf(list: readonly Word[]): ColumnChunk<Word> {
  return new ColumnChunk<Word>({
    id: new Int32Column(Int32Array.from(list, ({ id }) => id)),
    text: Utf8Column.from(list.map(({ text }) => text)),
    letters: listColumn(
      list.map(({ letters }) => letters),
      (items, starts, ends) => new Utf8ListColumn(Utf8Column.from(items), starts, ends),
    ),
    'lemma.kind': new DictionaryColumn(
      Uint8Array.from(list, ({ lemma }) => (lemma.kind ? KINDS.indexOf(lemma.kind) : 255)),
      KINDS,
    ),
    'lemma.codes': listColumn(
      list.map(({ lemma }) => lemma.codes),
      (items, starts, ends) => new Int32ListColumn(Int32Array.from(items), starts, ends),
    ),
    corpus: new ConstantColumn('made up', list.length),
  });
}

/** A list column of any kind from the lists themselves. */
export function listColumn<V, C>(
  lists: readonly (ArrayLike<V> | undefined)[],
  make: (items: V[], starts: Int32Array, ends: Int32Array) => C,
): C {
  const items: V[] = [];
  const starts = new Int32Array(lists.length).fill(-1);
  const ends = new Int32Array(lists.length).fill(-1);
  lists.forEach((list, row) => {
    if (!list) return;
    starts[row] = items.length;
    items.push(...Array.from(list));
    ends[row] = items.length;
  });
  return make(items, starts, ends);
}

/** One way for words to travel: their number is the sum of `sizes`, which may hold zeros. */
export interface Travel {
  readonly sizes: readonly number[];
  readonly as: 'values' | 'tables' | 'both in turn';
}

export const travels: fc.Arbitrary<Travel> = fc.record({
  sizes: fc.oneof(
    fc.array(fc.nat(5), { maxLength: 10 }),
    fc.constantFrom([], [1], [40], [0, 0], new Array<number>(25).fill(1)),
  ),
  as: fc.constantFrom('values', 'tables', 'both in turn'),
});

/** How many words travel. */
export function total({ sizes }: Travel): number {
  return sizes.reduce((sum, size) => sum + size, 0);
}

export function chunksOf({ sizes, as }: Travel, from = 0): Chunk<Word>[] {
  let at = from;
  return sizes.map((size, turn) => {
    const list = words(size, at);
    at += size;
    return as === 'tables' || (as === 'both in turn' && turn % 2 === 0) ? tableOf(list) : new ArrayChunk(list);
  });
}

export function oneByOne<T>(values: readonly T[]): Chunk<T>[] {
  return values.map((value) => new ArrayChunk([value]));
}

export interface Mishaps {
  /** Where a chunk fails to come, with {@link Probe.failure}. */
  readonly failAt?: number;
  /** Where a chunk is waited for that never comes. */
  readonly hangAt?: number;
}

/**
 * A source that is written by hand, since a generator hides who closes it twice or pulls after its end, and that counts
 * all that is done to it.
 */
export class Probe<T> implements Source<T> {
  readonly name = 'probe';
  readonly failure = new Error('the source failed');
  opens = 0;
  closes = 0;
  /** Records that were handed out. */
  given = 0;
  hanging = false;
  #strays: string[] = [];
  readonly #chunks: readonly Chunk<T>[];
  readonly #mishaps: Mishaps;

  constructor(chunks: readonly Chunk<T>[], mishaps: Mishaps = {}) {
    this.#chunks = chunks;
    this.#mishaps = mishaps;
  }

  get pipeline(): Pipeline<T> {
    return Pipeline.fromSource(this);
  }

  /** Everything that was opened is closed, once, and nothing was asked of it out of turn. */
  assertClosed(): void {
    assert.deepEqual(this.#strays, []);
    assert.equal(this.closes, this.opens, 'what was opened is still open');
  }

  open({ signal }: SourceContext): AsyncIterable<Chunk<T>> {
    return { [Symbol.asyncIterator]: () => this.#iterator(signal) };
  }

  #iterator(signal: AbortSignal): AsyncIterator<Chunk<T>> {
    const { failAt, hangAt } = this.#mishaps;
    let at = 0;
    let [open, busy, returned] = [true, false, false];
    this.opens++;
    const close = () => {
      if (open) this.closes++;
      open = false;
    };
    const hang = () =>
      new Promise<never>((_, reject) => {
        this.hanging = true;
        signal.addEventListener('abort', () => {
          close();
          reject(signal.reason);
        });
      });
    return {
      next: async () => {
        if (!open) this.#strays.push('next() after it was closed');
        if (busy) this.#strays.push('next() while another is under way');
        busy = true;
        try {
          await null;
          if (at === hangAt) await hang();
          if (at === failAt) throw this.failure;
          const chunk = this.#chunks[at++];
          if (!chunk) close();
          this.given += chunk?.length ?? 0;
          return chunk ? { done: false, value: chunk } : { done: true, value: undefined };
        } catch (error) {
          close();
          throw error;
        } finally {
          busy = false;
        }
      },
      return: async () => {
        if (returned) this.#strays.push('return() twice');
        returned = true;
        close();
        return { done: true, value: undefined };
      },
    };
  }
}

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
