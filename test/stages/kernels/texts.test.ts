import test from 'ava';
import fc from 'fast-check';
import { Utf8Column } from '../../../pipeline/columns.ts';
import { copyTexts, findBlanks, matchWords } from '../../../stages/kernels/texts.ts';
import { runs } from '../arbitraries.ts';

const text = fc.oneof(
  fc.constant(undefined),
  fc.stringMatching(/^[ab]{0,3}$/),
  fc.stringMatching(/^[ \t\n]{0,40}[.é]?$/),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
);

/** A column whose texts lie in any order in its data, some of them over one another. */
const column = fc
  .tuple(fc.array(text, { maxLength: 30 }), fc.array(fc.nat(29), { maxLength: 40 }))
  .map(([texts, rows]) => {
    const known = rows.filter((row) => row < texts.length);
    return Utf8Column.from(texts).take(known) as Utf8Column;
  });

const all = (texts: Utf8Column) => Array.from({ length: texts.length }, (_, row) => texts.get(row));

test('texts are copied as they are, into memory of their own', (t) => {
  fc.assert(
    fc.property(column, (texts) => {
      const copied = copyTexts(texts);
      t.deepEqual(all(copied), all(texts));
      t.not(copied.data.buffer, texts.data.buffer);
      t.is(copied.data.length, texts.bytes);
    }),
    runs(300),
  );
});

test('words are matched whole, and by their first place in the list', (t) => {
  const words = fc.array(fc.stringMatching(/^[ab]{0,3}$/), { maxLength: 5 });
  fc.assert(
    fc.property(column, words, (texts, list) => {
      const expected = all(texts).map((one) => {
        const index = one === undefined ? -1 : list.indexOf(one);
        return index < 0 ? list.length : index;
      });
      t.deepEqual([...matchWords(texts, list)], expected);
    }),
    runs(300),
  );
});

test('a text is blank if it is missing or has no byte that shows', (t) => {
  fc.assert(
    fc.property(column, (texts) => {
      const expected = all(texts).map((one) => ([...Buffer.from(one ?? '')].some((b) => b > 0x20 && b < 0x80) ? 0 : 1));
      t.deepEqual([...(findBlanks(texts) ?? new Uint8Array(texts.length))], expected);
    }),
    runs(300),
  );
});
