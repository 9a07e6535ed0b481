import test from 'ava';
import fc from 'fast-check';
import { decodeUtf8 } from '../../pipeline/columns.ts';
import { TokenTable } from '../../stages/token-table.ts';
import { runs, word } from './arbitraries.ts';

/** Few letters, so that tokens come again and begin alike. */
const token = fc.oneof(word, fc.stringMatching(/^[ab]{0,4}$/), fc.string({ unit: 'binary', maxLength: 12 }));

/** Bytes as they come: often no UTF-8. */
const bytes = fc.uint8Array({ maxLength: 6 });

/** The oracle: a map of strings. Answers what the table is to answer for each of the tokens, in turn. */
function numbersInMap(tokens: readonly string[], adding: boolean, map = new Map<string, number>()): number[] {
  return tokens.map((one) => {
    const known = map.get(one);
    if (known === undefined && adding) map.set(one, map.size);
    return known ?? (adding ? map.size - 1 : -1);
  });
}

/** The tokens side by side in one run of bytes, each with its range. */
function sideBySide(tokens: readonly Uint8Array[]): { data: Buffer; ranges: [start: number, end: number][] } {
  let at = 0;
  const ranges = tokens.map(({ length }): [number, number] => {
    at += length;
    return [at - length, at];
  });
  return { data: Buffer.concat(tokens), ranges };
}

test('tokens are numbered and found as by a map of strings', (t) => {
  fc.assert(
    fc.property(fc.array(token, { maxLength: 60 }), fc.array(token, { maxLength: 20 }), (added, asked) => {
      const table = new TokenTable();
      const wellFormed = (text: string) => Buffer.from(text).toString();
      const map = new Map<string, number>();
      for (const [tokens, adding] of [
        [added.map(wellFormed), true],
        [[...asked, ...added].map(wellFormed), false],
      ] as const) {
        const { data, ranges } = sideBySide(tokens.map((one) => Buffer.from(one)));
        const numbers = ranges.map(([start, end]) =>
          adding ? table.add(data, start, end) : table.find(data, start, end),
        );
        t.deepEqual(numbers, numbersInMap(tokens, adding, map));
      }
      t.is(table.size, map.size);
      for (const [text, number] of map) t.is(table.token(number), text);
    }),
    runs(400),
  );
});

test('bytes that are no UTF-8 are the token that they decode to', (t) => {
  fc.assert(
    fc.property(fc.array(fc.oneof(bytes, bytes, fc.constant(Buffer.from('\ufffd'))), { maxLength: 40 }), (tokens) => {
      const table = new TokenTable();
      const map = new Map<string, number>();
      const { data, ranges } = sideBySide(tokens);
      const texts = ranges.map(([start, end]) => decodeUtf8(data, start, end));
      t.deepEqual(
        ranges.map(([start, end]) => table.add(data, start, end)),
        numbersInMap(texts, true, map),
      );
      t.deepEqual(
        ranges.map(([start, end]) => table.find(data, start, end)),
        numbersInMap(texts, false, map),
      );
      t.is(table.size, map.size);
    }),
    runs(400),
  );
});

test('tens of thousands of tokens keep their numbers while the table grows', (t) => {
  const table = new TokenTable();
  const texts = Array.from({ length: 50_000 }, (_, i) => `${i % 7 === 0 ? 'é' : ''}${i.toString(36)}`);
  texts.push('x'.repeat(100_000));
  const { data, ranges } = sideBySide(texts.map((text) => Buffer.from(text)));
  const numbers = (look: (start: number, end: number) => number) => ranges.map(([start, end]) => look(start, end));
  const expected = texts.map((_, i) => i);
  t.deepEqual(
    numbers((start, end) => table.add(data, start, end)),
    expected,
  );
  t.deepEqual(
    numbers((start, end) => table.find(data, start, end)),
    expected,
  );
  t.true(texts.every((text, number) => table.token(number) === text));
  t.is(table.find(Buffer.from('not there'), 0, 9), -1);
});
