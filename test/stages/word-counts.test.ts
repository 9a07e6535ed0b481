import test from 'ava';
import fc from 'fast-check';
import { ArrayChunk, MillraceError, type Pipeline } from '../../pipeline/index.ts';
import { parse } from '../../stages/parse.ts';
import type { Text } from '../../stages/sentences.ts';
import { tokenize } from '../../stages/tokenize.ts';
import { byCountThenBytes, WordCounts } from '../../stages/word-counts.ts';
import { runs, snliText, words } from './arbitraries.ts';
import { linesOf } from './forms.ts';

async function countsOf(pipeline: Pipeline<Text>): Promise<Map<string, number>> {
  const counts = new WordCounts();
  for await (const chunk of pipeline.chunks()) counts.addChunk(chunk);
  return counts.toMap();
}

test('both sides of pairs count, in tables and in values', async (t) => {
  const rows = linesOf(`${snliText()}\n${snliText({ sentence2_binary_parse: '( A ( dog . ) )' })}`);
  const pairs: Pipeline<Text> = rows.pipe(parse('snli'), tokenize());
  const expected = { A: 3, dog: 3, sleeps: 2, '.': 4, It: 1, dreams: 1 };
  t.deepEqual(Object.fromEntries(await countsOf(pairs)), expected);
  t.deepEqual(Object.fromEntries(await countsOf(pairs.filter(() => true).map((pair) => pair))), expected);
});

test('words are counted as by hand', (t) => {
  fc.assert(
    fc.property(fc.array(words, { maxLength: 6 }), (sentences) => {
      const counter = new WordCounts();
      counter.addChunk(new ArrayChunk(sentences.map((tokens) => ({ text: '', tokens }))));
      const counts = counter.toMap();
      const all = sentences.flat();
      t.is(counts.size, new Set(all).size);
      for (const [word, count] of counts) t.is(count, all.filter((one) => one === word).length);
    }),
    runs(100),
  );
});

test('a sentence without tokens is named, with its place', async (t) => {
  for (const pairs of [linesOf('a'), linesOf('a').map((line) => line)]) {
    const error = await t.throwsAsync(countsOf(pairs), { instanceOf: MillraceError });
    t.is(error.code, 'MILLRACE_SHAPE');
    t.is(error.origin?.line, 1);
    t.regex(error.hint as string, /tokenize/);
  }
});

test('the order is by count, then by bytes, whatever order the words came in', (t) => {
  const wild = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 3 }),
    fc.constantFrom('\ud800', '\ud801', '\uffff', '\u{10000}'),
  );
  fc.assert(
    fc.property(
      fc.uniqueArray(wild, { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 3 })),
      fc.nat(),
      (all, n, turn) => {
        const entries = all.map((word, i): [string, number] => [word, n[i] ?? 1]);
        const ordered = byCountThenBytes(new Map(entries));
        const turned = entries.map((_, i) => entries[(i + turn) % entries.length] as [string, number]);
        t.deepEqual(byCountThenBytes(new Map(turned.reverse())), ordered);
        for (let i = 1; i < ordered.length; i++) {
          const [[a, na], [b, nb]] = ordered.slice(i - 1, i + 1) as [[string, number], [string, number]];
          t.true(na > nb || (na === nb && Buffer.compare(Buffer.from(a), Buffer.from(b)) <= 0));
        }
      },
    ),
    runs(300),
  );
});
