import test from 'ava';
import fc from 'fast-check';
import { Utf8Column, Utf8ListColumn } from '../../pipeline/columns.ts';
import { leaves } from '../../stages/binary-parse.ts';
import { leafTokens, leavesOf, lowercaseLeaves } from '../../stages/leaves.ts';
import { Vocabulary } from '../../stages/vocabulary.ts';
import { runs, tree, word, writeTree } from './arbitraries.ts';

/** Up to and beyond the lengths that a cell of the table holds. */
const long = fc.stringMatching(/^[a-zA-Z]{14,40}$/);
const parse = fc.oneof(
  tree.map(writeTree),
  fc.array(fc.oneof(word, long, fc.constantFrom('(', ')', '', '((', 'Ω'.repeat(9)))).map((parts) => parts.join(' ')),
);

test('tokens and ids of leaves are those of strings, as they are and in lower case', (t) => {
  fc.assert(
    fc.property(fc.array(parse, { maxLength: 8 }), fc.array(fc.nat()), (parses, picked) => {
      const all = parses.flatMap(leaves);
      const some = picked.flatMap((n) => (all.length > 0 ? [all[n % all.length] as string] : []));
      const known = new Set([...some, ...some.map((token) => token.toLowerCase())]);
      const vocabulary = new Vocabulary(['<pad>', '<unk>', ...[...known].filter((token) => token !== '<unk>')]);
      // As in a corpus, where several rows have one premise.
      const column = Utf8Column.from(parses.flatMap((one) => [one, one]));
      const tokens = leafTokens(column) as Utf8ListColumn;
      const lowered = lowercaseLeaves(leavesOf(tokens) as NonNullable<ReturnType<typeof leavesOf>>);
      for (const [lists, change] of [
        [tokens, (token: string) => token],
        [lowered, (token: string) => token.toLowerCase()],
      ] as const) {
        const expected = parses.flatMap((one) => [leaves(one), leaves(one)]).map((list) => list.map(change));
        const ids = vocabulary.idsOfLists(lists);
        t.deepEqual(
          expected.map((_, row) => [...(ids.get(row) as Int32Array)]),
          expected.map((list) => list.map((token) => vocabulary.id(token))),
        );
        t.deepEqual(
          expected.map((_, row) => lists.get(row)),
          expected,
        );
      }
    }),
    runs(300),
  );
});

test('bytes that are no UTF-8 are looked up as what they decode to', (t) => {
  const vocabulary = new Vocabulary(['<pad>', '<unk>', 'a\ufffd', '\ufffd'.repeat(20)]);
  const data = Buffer.concat([
    Buffer.from('A'),
    Buffer.of(0xff, 0x20),
    Buffer.alloc(20, 0xff),
    Buffer.from(' ( <pad>'),
  ]);
  const tokens = leafTokens(new Utf8Column(data, Int32Array.of(0), Int32Array.of(data.length))) as Utf8ListColumn;
  const lowered = lowercaseLeaves({
    parses: new Utf8Column(data, Int32Array.of(0), Int32Array.of(data.length)),
    lowered: false,
  });
  t.deepEqual([...(vocabulary.idsOfLists(tokens).get(0) as Int32Array)], [1, 3, 1]);
  t.deepEqual([...(vocabulary.idsOfLists(lowered).get(0) as Int32Array)], [2, 3, 1]);
});

test('a missing parse has no leaves, and tokens that are none of a parse are leaves of nothing', (t) => {
  t.is(leafTokens(Utf8Column.from(['a', undefined])), undefined);
  const none = new Int32Array(0);
  t.is(leavesOf(new Utf8ListColumn(Utf8Column.from([]), none, none)), undefined);
});
