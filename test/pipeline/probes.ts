/** What the tests of the streaming core share: records of every kind of column, and ways for them to travel. */
import fc from 'fast-check';
import {
  ArrayChunk,
  type Chunk,
  ColumnChunk,
  ConstantColumn,
  DictionaryColumn,
  Int32Column,
  Int32ListColumn,
  Utf8Column,
  Utf8ListColumn,
} from '../../pipeline/index.ts';

export { oneByOne } from '../../testing/sample.ts';
export { quiet, rejection, until } from '../../testing/waiting.ts';
export { type Mishaps, WatchedSource as Probe } from '../../testing/watched-source.ts';

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
