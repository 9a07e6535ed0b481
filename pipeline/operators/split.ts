import { createHash } from 'node:crypto';
import { MillraceError } from '../errors.ts';
import type { StageSpec } from '../spec.ts';
import { filter } from './filter.ts';

/**
 * The records whose key hashes into a part of [0, 1): the same ones however the corpus is ordered and whatever is added
 * to it, so that a split made once stays a split. Parts that don't overlap have no record in common; those of [0, 0.9)
 * and [0.9, 1) together are all.
 *
 * The hash is the first 48 bits of SHA-256 over the key's UTF-8 bytes.
 *
 * @param key what makes a record the record that it is, such as its id; records with equal keys stay together
 * @param part from, and up to but not including
 * @throws MillraceError MILLRACE_USAGE unless 0 <= from < to <= 1
 */
export function split<T>(key: (value: T) => string, part: readonly [from: number, to: number]): StageSpec<T, T> {
  const [from, to] = part;
  if (!(from >= 0 && from < to && to <= 1)) {
    throw new MillraceError('MILLRACE_USAGE', 'There is no such part', {
      expected: 'two shares with 0 <= from < to <= 1',
      found: `[${from}, ${to}]`,
    });
  }
  const { stream } = filter<T>((value) => {
    const place = placeOf(key(value));
    return place >= from && place < to;
  });
  return { name: 'split', options: { key, from, to }, stream };
}

function placeOf(key: string): number {
  return createHash('sha256').update(key).digest().readUIntBE(0, 6) / 2 ** 48;
}
