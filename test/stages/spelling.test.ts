import test from 'ava';
import fc from 'fast-check';
import { SpellingIndex } from '../../stages/spelling.ts';
import { runs } from './arbitraries.ts';

/** Levenshtein's distance by its recurrence, over UTF-16 units. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

/** Of the words at the smallest distance, within the limit, the first; never the word itself. */
function nearestOf(words: readonly string[], word: string, most: number): string | undefined {
  let best: string | undefined;
  let least = most + 1;
  for (const other of words) {
    if (other === word || distance(word, other) >= least) continue;
    best = other;
    least = distance(word, other);
  }
  return best;
}

function indexOf(words: readonly string[]): SpellingIndex {
  const index = new SpellingIndex();
  for (const word of words) index.add(word);
  return index;
}

test('the nearest word is that of a search through all of them', (t) => {
  const word = fc.oneof(fc.stringMatching(/^[abc]{0,6}$/), fc.string({ unit: 'binary', maxLength: 4 }));
  let found = 0;
  fc.assert(
    fc.property(fc.array(word, { maxLength: 25 }), word, fc.integer({ min: 0, max: 3 }), (words, wanted, most) => {
      const expected = nearestOf(words, wanted, most);
      if (expected !== undefined) found++;
      t.is(indexOf(words).nearest(wanted, most), expected);
    }),
    runs(1500),
  );
  t.true(found > 300, `only ${found} had a neighbour: the law was hardly tested`);
});

test('of several equally near, the one that was added first wins, whatever its length', (t) => {
  t.is(indexOf(['cats', 'cat', 'at']).nearest('ca', 1), 'cat');
  t.is(indexOf(['cot', 'at', 'cats']).nearest('cat', 1), 'cot');
  t.is(indexOf(['cats', 'cot']).nearest('cat', 1), 'cats');
});

test('never the word itself, and nothing of nothing', (t) => {
  t.is(indexOf(['cat']).nearest('cat', 2), undefined);
  t.is(indexOf([]).nearest('cat', 2), undefined);
  t.is(indexOf(['cot']).nearest('cat', 0), undefined);
});
