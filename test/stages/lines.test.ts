import test from 'ava';
import fc from 'fast-check';
import { ColumnChunk, MillraceError, Pipeline, type Rejects, toPlain } from '../../pipeline/index.ts';
import type { LineOptions } from '../../stages/line-table.ts';
import { lines, splitLines } from '../../stages/lines.ts';
import type { Block, Line } from '../../stages/records.ts';
import { untilFailure } from '../pipeline/laws.ts';
import { blockSizes, runs } from './arbitraries.ts';
import { assertCloses, cut, errorOf, linesOf, origin } from './forms.ts';

async function texts(blocks: readonly Block[]): Promise<string[]> {
  return (await Pipeline.from(blocks).pipe(lines).toArray()).map(({ text }) => text);
}

/** What `lines` is to give, by splitting a string. */
function split(file: string): string[] {
  const parts = file.replace(/^\ufeff/, '').split('\n');
  const unfinished = parts.pop() as string;
  return [...parts.map((part) => part.replace(/\r$/, '')), ...(unfinished === '' ? [] : [unfinished])];
}

/** Whether a file is none that is refused as a whole. */
function isText(bytes: Uint8Array): boolean {
  const [a, b, c] = bytes;
  const mark = a === 0xef && b === 0xbb && c === 0xbf;
  const text = Buffer.from(bytes.subarray(mark ? 3 : 0)).toString('latin1');
  if (/^[^\n]*\r[^\n]+$/.test(text)) return false;
  const first = text.split('\n')[0] as string;
  if (/^(\xff\xfe|\xfe\xff)/.test(first)) return false;
  return !/^(\0[^\0]){2}|^([^\0]\0){2}/s.test(first);
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
      if (!isText(Buffer.from(file))) return;
      t.deepEqual(await texts(cut(file, sizes)), split(file));
      t.deepEqual(await texts(cut(file, [1])), split(file));
    }),
    runs(150),
  );
});

test('any bytes are split as bytes are', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), blockSizes, async (bytes, sizes) => {
      if (!isText(bytes)) return;
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

/** What comes of a file: its good lines and its bad ones, each with its number. */
async function outcome(pipeline: Pipeline<Line>) {
  const good: unknown[] = [];
  const bad: unknown[] = [];
  const policy: Rejects = {
    reject: ({ summary, origin: at }, raw, counts) =>
      void bad.push([summary, at?.line, Buffer.from(raw as Uint8Array).toString('latin1'), counts?.seen]),
  };
  for await (const { text, origin: at } of pipeline.onError(policy)) good.push([at.line, text]);
  return { good, bad };
}

/** The same by looking at each line by itself. */
function judge(file: Uint8Array, { invalid, lineBytes }: Required<LineOptions>) {
  const good: unknown[] = [];
  const bad: unknown[] = [];
  const marked = Buffer.from(file.subarray(0, 3)).equals(Buffer.from('\ufeff'));
  const parts = Buffer.from(file.subarray(marked ? 3 : 0))
    .toString('latin1')
    .split('\n');
  const unfinished = parts.pop() as string;
  const all = [...parts.map((part) => part.replace(/\r$/, '')), ...(unfinished === '' ? [] : [unfinished])];
  all.forEach((latin, i) => {
    const bytes = Buffer.from(latin, 'latin1');
    const text = bytes.toString();
    const isUtf8 = Buffer.from(text).equals(bytes);
    if (bytes.length > lineBytes) bad.push(['The line is too long', i + 1, latin.slice(0, lineBytes), i + 1]);
    else if (invalid === 'reject' && !isUtf8) bad.push(['The line is not UTF-8', i + 1, latin, i + 1]);
    else good.push([i + 1, text]);
  });
  return { good, bad };
}

const piece = fc.oneof(
  fc.constantFrom('a', 'é', '日', '\0', '\r', '\n', '\r\n', 'long enough').map((text) => Buffer.from(text)),
  fc.constantFrom([0xe9], [0xff], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf0, 0x9f], [0xef, 0xbb, 0xbf]).map(Buffer.from),
);
const files = fc.array(piece, { maxLength: 60 }).map((pieces) => Buffer.concat(pieces));
const rules = fc.record({
  invalid: fc.constantFrom('replace' as const, 'reject' as const),
  lineBytes: fc.constantFrom(0, 1, 3, 12, 1000),
});

test('bad lines are told of and left out, however the file is cut, and wherever a run goes on', async (t) => {
  await fc.assert(
    fc.asyncProperty(files, blockSizes, rules, fc.nat(20), async (file, sizes, options, stop) => {
      if (!isText(file)) return;
      const expected = judge(file, options);
      const stage = splitLines(options);
      // A pipeline over blocks, whose state it keeps.
      const over = (cuts: readonly number[]) => Pipeline.from(cut(file, cuts)).pipe(stage);
      for (const cuts of [sizes, [1], []]) t.deepEqual(await outcome(over(cuts)), expected);

      const policy = { reject: () => {} };
      const stopped = over(sizes).onError(policy);
      const records = stopped[Symbol.asyncIterator]();
      const first = Math.min(stop, expected.good.length);
      for (let read = 0; read < first; read++) await records.next();
      if (first === 0) return;
      const state = JSON.parse(JSON.stringify(stopped.state()));
      await records.return?.();
      const rest = await outcome(over(sizes).resume(state));
      t.deepEqual(rest.good, expected.good.slice(first));
      t.deepEqual(rest.bad, expected.bad.slice(expected.bad.length - rest.bad.length));
      const behind = (expected.good[first - 1] as [number])[0];
      const due = expected.bad.filter((one) => ((one as unknown[])[1] as number) > behind);
      t.true(rest.bad.length >= due.length, 'a bad line behind the place was not told of');
    }),
    runs(200),
  );
});

test('under the policy to fail, the lines before a bad one come before its error', async (t) => {
  await fc.assert(
    fc.asyncProperty(files, blockSizes, rules, async (file, sizes, options) => {
      if (!isText(file)) return;
      const { good, bad } = judge(file, options);
      const [first] = bad as [string, number][];
      const { records, error } = await untilFailure(Pipeline.from(cut(file, sizes)).pipe(splitLines(options)));
      const numbers = records.map(({ origin: at }) => at.line);
      const before = good.map((one) => (one as [number])[0]).filter((line) => first === undefined || line < first[1]);
      t.deepEqual(numbers, before);
      t.is((error as MillraceError | undefined)?.origin?.line, first?.[1]);
    }),
    runs(100),
  );
});

test('a limit of bad lines counts lines, whatever the number of files', async (t) => {
  const lines = splitLines({ invalid: 'reject' });
  const file = Buffer.from('a\n\xff\nb\n\xff\n', 'latin1');
  const blocks = [...cut(file, [3]), ...cut(file, [2])];
  const { records, error } = await untilFailure(Pipeline.from(blocks).pipe(lines).onError('skip', '2'));
  t.is(records.length, 3);
  t.regex((error as Error).message, /: 3 of the first 6 records of lines are bad; expected at most 2\./);
});

test('the first byte that is no UTF-8 is told', async (t) => {
  const error = await errorOf(
    t,
    Pipeline.from(cut(Buffer.from('ok\ncaf\xe9!\n', 'latin1'))).pipe(splitLines({ invalid: 'reject' })),
  );
  t.is(
    error.message,
    'corpus.zip#corpus.jsonl:2: The line is not UTF-8; expected text in UTF-8, found "byte E9 at 4". Other encodings must be converted, such as with: iconv -f WINDOWS-1252 -t UTF-8',
  );
});

test('UTF-16 is refused as such, with its mark and without', async (t) => {
  const text = 'A dog sleeps.\r\nIt dreams.\r\n';
  const little = Buffer.from(text, 'utf16le');
  const big = Buffer.from(little).swap16();
  const marked = [Buffer.concat([Buffer.from([0xff, 0xfe]), little]), Buffer.concat([Buffer.from([0xfe, 0xff]), big])];
  for (const file of [...marked, little, big, little.subarray(0, 4), marked[0]!.subarray(0, 2)]) {
    for (const sizes of [[], [1], [2], [3]]) {
      const { records, error } = await untilFailure(Pipeline.from(cut(file, sizes)).pipe(lines).onError('skip'));
      t.is(records.length, 0);
      t.like(error, { code: 'MILLRACE_NOT_TEXT', origin });
      t.regex((error as Error).message, /iconv -f UTF-16/);
    }
  }
});

test('carriage returns alone are refused where there is no newline; within a line they are text', async (t) => {
  for (const sizes of [[], [1], [4]]) {
    const { error } = await untilFailure(Pipeline.from(cut('one\rtwo\r', sizes)).pipe(lines).onError('skip'));
    t.like(error, { code: 'MILLRACE_NOT_TEXT', origin });
    t.regex((error as Error).message, /found "\\\\r alone, first at byte 4"/);
    t.deepEqual(await texts(cut('one\rtwo\n', sizes)), ['one\rtwo']);
    t.deepEqual(await texts(cut('one\rtwo\nthree', sizes)), ['one\rtwo', 'three']);
    t.deepEqual(await texts(cut('one\r', sizes)), ['one\r']);
  }
});

test('NULs are text', async (t) => {
  t.deepEqual(await texts(cut('\0\na\0b\n\0\0\0\0', [2])), ['\0', 'a\0b', '\0\0\0\0']);
});

test('lines of ten megabytes are lines', async (t) => {
  const long = 'é'.repeat(5_000_000);
  const found = await texts(cut(`short\n${long}\nshort\n${long}`, [1 << 18]));
  t.true(found.length === 4 && found[1] === long && found[3] === long && found[2] === 'short');
});

test('of a line that is too long its beginning is kept, and what follows is read', async (t) => {
  const bytes = new Uint8Array(1 << 20).fill(0x61);
  const blocks: Block[] = Array.from({ length: 20 }, () => ({ bytes, origin, last: false }));
  blocks.push({ bytes: Buffer.from('\nnext\n'), origin, last: true });
  const kept: number[] = [];
  const policy: Rejects = { reject: (_, raw) => void kept.push((raw as Uint8Array).length) };
  const found = await Pipeline.from(blocks)
    .pipe(splitLines({ lineBytes: 1 << 21 }))
    .onError(policy)
    .toArray();
  t.deepEqual(found.map(toPlain), [{ text: 'next', origin: { ...origin, line: 2 } }]);
  t.deepEqual(kept, [1 << 16]);
});

test('options are part of what a pipeline is, and none are none', (t) => {
  t.is(lines.spec.options, undefined);
  t.deepEqual(splitLines({ invalid: 'reject' }).spec.options, { invalid: 'reject', lineBytes: 2 ** 29 });
});
