import test from 'ava';
import fc from 'fast-check';
import { ColumnChunk, MillraceError, Pipeline, toPlain } from '../../pipeline/index.ts';
import { lines } from '../../stages/lines.ts';
import type { Block } from '../../stages/records.ts';
import { blockSizes, runs } from './arbitraries.ts';
import { assertCloses, cut, linesOf, origin } from './forms.ts';

async function texts(blocks: readonly Block[]): Promise<string[]> {
  return (await Pipeline.from(blocks).pipe(lines).toArray()).map(({ text }) => text);
}

/** What `lines` is to give, by splitting a string. */
function split(file: string): string[] {
  const parts = file.replace(/^\ufeff/, '').split('\n');
  const unfinished = parts.pop() as string;
  return [...parts.map((part) => part.replace(/\r$/, '')), ...(unfinished === '' ? [] : [unfinished])];
}

test('lines end with LF, with CRLF or with their file, and know their place', async (t) => {
  const found = (await linesOf('one\r\ntwo\n\nfour').toArray()).map(toPlain);
  t.deepEqual(found, [
    { text: 'one', origin: { ...origin, line: 1 } },
    { text: 'two', origin: { ...origin, line: 2 } },
    { text: '', origin: { ...origin, line: 3 } },
    { text: 'four', origin: { ...origin, line: 4 } },
  ]);
});

test('an empty file has no lines, nor has a mere byte order mark', async (t) => {
  t.deepEqual(await texts(cut('')), []);
  t.deepEqual(await texts([]), []);
  t.deepEqual(await texts(cut('\ufeff', [1])), []);
});

test('one line, with and without its end', async (t) => {
  for (const file of ['a', 'a\n', 'a\r\n', '\ufeffa']) t.deepEqual(await texts(cut(file)), ['a']);
  t.deepEqual(await texts(cut('\n')), ['']);
  t.deepEqual(await texts(cut('a\r')), ['a\r']);
});

test('any text is split as a string is, however it is cut', async (t) => {
  const piece = fc.constantFrom('a', 'é', '日', '😀', ' ', '\r', '\n', '\r\n', '\ufeff', '\u2028');
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 60 }), blockSizes, async (pieces, sizes) => {
      const file = pieces.join('');
      t.deepEqual(await texts(cut(file, sizes)), split(file));
      t.deepEqual(await texts(cut(file, [1])), split(file));
    }),
    runs(150),
  );
});

test('any bytes are split as bytes are', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), blockSizes, async (bytes, sizes) => {
      const expected = split(Buffer.from(bytes).toString('latin1')).map((part) =>
        Buffer.from(part, 'latin1').toString(),
      );
      const mark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
      if (!mark) t.deepEqual(await texts(cut(bytes, sizes)), expected);
    }),
    runs(150),
  );
});

test('each file counts its own lines, and its last line ends with it', async (t) => {
  const first = { source: 'a.zip', entry: 'one' };
  const second = { source: 'a.zip', entry: 'two' };
  await fc.assert(
    fc.asyncProperty(blockSizes, async (sizes) => {
      const blocks = [...cut('a\nb', sizes, first), ...cut('', sizes, second), ...cut('\ufeffc\nd\n', sizes, second)];
      const found = await Pipeline.from(blocks).pipe(lines).toArray();
      t.deepEqual(
        found.map(({ text, origin }) => `${origin.entry}:${origin.line} ${text}`),
        ['one:1 a', 'one:2 b', 'two:1 c', 'two:2 d'],
      );
    }),
    runs(20),
  );
});

test('an empty last block ends the line before it', async (t) => {
  const [block] = cut('a\nb') as [Block];
  t.deepEqual(
    await texts([
      { ...block, last: false },
      { bytes: new Uint8Array(0), origin, last: true },
    ]),
    ['a', 'b'],
  );
});

test('lines travel as tables of four thousand rows at most, on the memory of their block', async (t) => {
  const bytes = Buffer.from('x\n'.repeat(3000));
  let rows = 0;
  for await (const chunk of Pipeline.from(cut(bytes)).pipe(lines).chunks()) {
    t.true(chunk instanceof ColumnChunk);
    t.true(chunk.length <= 4096);
    rows += chunk.length;
  }
  t.is(rows, 3000);
});

test('stopping early and aborting close the source', async (t) => {
  await assertCloses(t, lines, [{ bytes: Buffer.from('a\nb'), origin, last: false }]);
});

test('a line that does not end is refused before it takes all memory', async (t) => {
  // The same memory over and over: nothing of it is put together before it is refused.
  const bytes = new Uint8Array(1 << 26).fill(0x61);
  const blocks = Array.from({ length: 10 }, (_, i): Block => ({ bytes, origin: { source: 'endless' }, last: i === 9 }));
  const error = await t.throwsAsync(Pipeline.from(blocks).pipe(lines).toArray(), { instanceOf: MillraceError });
  t.like(error, { code: 'MILLRACE_BAD_RECORD', origin: { source: 'endless', line: 1 } });
});
