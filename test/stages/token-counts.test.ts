import test from 'ava';
import fc from 'fast-check';
import { TokenCounts } from '../../stages/token-counts.ts';
import { runs } from './arbitraries.ts';

/** Tokens of which a few are frequent, and some of which UTF-8 cannot hold. */
const tokens = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom('a', 'b', 'é') },
    { weight: 3, arbitrary: fc.nat(40).map((n) => `w${n}`) },
    fc.constantFrom('\ud800', '\udfff', 'a\ud800', '\ufffd', '"', '\u{1f600}', ''),
  ),
  { maxLength: 150 },
);

/** How often each really occurs. */
function exactly(all: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const token of all) counts.set(token, (counts.get(token) ?? 0) + 1);
  return counts;
}

test('without a limit, and as long as it is kept, every count is exact', (t) => {
  fc.assert(
    fc.property(tokens, fc.nat(3), (all, spare) => {
      const exact = exactly(all);
      for (const counts of [new TokenCounts(), new TokenCounts(Math.max(2, exact.size + spare))]) {
        for (const token of all) counts.add(token);
        t.deepEqual([...counts.toMap()].sort(), [...exact].sort());
        t.deepEqual([counts.undercount, counts.forgotten], [0, 0]);
      }
    }),
    runs(200),
  );
});

test('beyond the limit, what is said of every token holds at every moment', (t) => {
  fc.assert(
    fc.property(tokens, fc.integer({ min: 2, max: 20 }), (all, most) => {
      const counts = new TokenCounts(most);
      all.forEach((token, i) => {
        counts.add(token);
        const { size, undercount, forgotten } = counts;
        t.true(size <= most);
        t.true(undercount <= (i + 1) / (Math.floor(most / 2) + 1));
        const held = counts.toMap();
        t.is(held.size, size);
        let sum = 0;
        for (const [word, times] of exactly(all.slice(0, i + 1))) {
          const count = held.get(word) ?? 0;
          t.true(count <= times && times - count <= undercount, word);
          sum += count;
        }
        t.is(sum + forgotten, i + 1);
      });
    }),
    runs(60),
  );
});

test('a token that was held from its first occurrence on has an exact count', (t) => {
  const counts = new TokenCounts(10);
  for (let i = 0; i < 1000; i++) {
    counts.add('the');
    counts.add(`rare ${i}`);
  }
  t.is(counts.toMap().get('the'), 1000);
  t.true(counts.undercount > 0);
});

test('a token counts the same by its bytes, wherever they are', (t) => {
  fc.assert(
    fc.property(tokens, fc.integer({ min: 2, max: 20 }), fc.infiniteStream(fc.boolean()), (all, most, asBytes) => {
      const texts = new TokenCounts(most);
      const mixed = new TokenCounts(most);
      for (const token of all) {
        texts.add(token);
        const bytes = Buffer.from(`<${token}>`);
        if (asBytes.next().value && bytes.toString() === `<${token}>`) mixed.addBytes(bytes, 1, bytes.length - 1);
        else mixed.add(token);
      }
      t.deepEqual([...mixed.toMap()], [...texts.toMap()]);
      t.is(mixed.undercount, texts.undercount);
    }),
    runs(100),
  );
});
