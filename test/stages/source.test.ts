import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { strToU8, zipSync } from 'fflate';
import { packTar } from 'modern-tar';
import { MillraceError } from '../../pipeline/errors.ts';
import { openSource, parseSourceSpec, type SourceOptions } from '../../stages/source.ts';
import { assertClosed, codeOf, collect, temporaryFolder } from './files.ts';
import { serve } from './server.ts';

const corpus = zipSync({
  'c_1.0/': new Uint8Array(0),
  'c_1.0/c_train.jsonl': strToU8('train\n'),
  'c_1.0/c_dev.jsonl': strToU8('dev\n'),
  'c_1.0/notes#1.txt': strToU8('notes\n'),
  'README.md': strToU8('read me\n'),
});

async function read(t: ExecutionContext, spec: string, options?: SourceOptions): Promise<string> {
  return (await collect(t, openSource(spec, options))).toString();
}

async function messageOf(t: ExecutionContext, spec: string, options?: SourceOptions): Promise<string> {
  const error = await t.throwsAsync(read(t, spec, options), { instanceOf: MillraceError });
  return `${error.code} ${error.message}`;
}

test('what is written is told apart', (t) => {
  const kinds = {
    '-': { kind: 'stdin', name: '-' },
    'a/b.txt': { kind: 'file', name: 'a/b.txt', path: 'a/b.txt' },
    'a.zip#x/*.txt': { kind: 'file', name: 'a.zip', path: 'a.zip', entry: 'x/*.txt' },
    'a.zip#x#y': { kind: 'file', name: 'a.zip', path: 'a.zip', entry: 'x#y' },
    'https://h.org/a.zip?q=1#x': {
      kind: 'http',
      name: 'https://h.org/a.zip?q=1',
      url: 'https://h.org/a.zip?q=1',
      entry: 'x',
    },
    'file:/a/b%20c.zip#x': { kind: 'file', name: 'file:/a/b%20c.zip', path: '/a/b c.zip', entry: 'x' },
    'HTTP://h.org': { kind: 'http', name: 'HTTP://h.org', url: 'http://h.org/' },
  };
  for (const [spec, expected] of Object.entries(kinds)) t.deepEqual(parseSourceSpec(spec) as unknown, expected, spec);
  const named = parseSourceSpec('snli:dev');
  t.is(named.kind === 'corpus' && named.corpus.file, 'snli_1.0.zip');
});

test('what makes no sense is wrong usage, and says what would make sense', (t) => {
  for (const spec of ['', 'ftp://host/x', 'snli:trian', 'glov:6B.50d', 'http://', 'file://host/x%2Fy']) {
    const error = t.throws(() => parseSourceSpec(spec), { instanceOf: MillraceError });
    t.is(error.code, 'MILLRACE_USAGE', spec);
    if (!/^(http|file):/.test(spec)) t.regex(error.message, /snli:train/);
  }
});

test('a file, as a path and as a URL', async (t) => {
  const path = join(await temporaryFolder(t), 'with space.txt');
  await writeFile(path, 'text\n');
  t.is(await read(t, path), 'text\n');
  t.is(await read(t, pathToFileURL(path).href), 'text\n');
  await assertClosed(t, path);
});

test('a path that exists wins over what else its characters mean', async (t) => {
  const folder = await temporaryFolder(t);
  const names = ['a#b.txt', 'a', 'set#1.zip'];
  for (const name of names) await writeFile(join(folder, name), name.endsWith('.zip') ? corpus : name);
  t.is(await read(t, join(folder, 'a#b.txt')), 'a#b.txt');
  t.is(await read(t, join(folder, 'set#1.zip#README.md')), 'read me\n');
  t.is(await read(t, join(folder, 'set#1.zip#c_1.0/notes#1.txt')), 'notes\n');
  t.regex(await messageOf(t, join(folder, 'a#c.txt')), /MILLRACE_USAGE .*not an archive and has no entry "c.txt"/);
});

test('entries by name and by glob, in the order of the archive', async (t) => {
  const path = join(await temporaryFolder(t), 'corpus.bin');
  await writeFile(path, corpus);
  t.is(await read(t, `${path}#c_1.0/c_dev.jsonl`), 'dev\n');
  t.is(await read(t, `${path}#**/*_{dev,train}.jsonl`), 'train\ndev\n');
  const origins = new Set<string>();
  for await (const { origin } of openSource(`${path}#c_1.0/*`)) origins.add(`${origin.source} ${origin.entry}`);
  t.deepEqual(
    [...origins],
    ['c_1.0/c_train.jsonl', 'c_1.0/c_dev.jsonl', 'c_1.0/notes#1.txt'].map((entry) => `${path} ${entry}`),
  );
  await assertClosed(t, path);
});

test('an entry whose name looks like a glob is found by its name', async (t) => {
  const path = join(await temporaryFolder(t), 'a.zip');
  await writeFile(path, zipSync({ 'a[1].txt': strToU8('brackets'), 'a1.txt': strToU8('plain') }));
  t.is(await read(t, `${path}#a[1].txt`), 'brackets');
  t.is(await read(t, `${path}#a[12].txt`), 'plain');
});

test('a missing entry lists the nearest first; a missing choice lists all', async (t) => {
  const path = join(await temporaryFolder(t), 'a.zip');
  await writeFile(path, corpus);
  t.regex(
    await messageOf(t, `${path}#c_1.0/c_dve.jsonl`),
    /^MILLRACE_NOT_FOUND .*one of c_1.0\/c_dev.jsonl, c_1.0\/c_train.jsonl, /,
  );
  t.regex(await messageOf(t, `${path}#*.csv`), /^MILLRACE_NOT_FOUND /);
  t.regex(await messageOf(t, path), /^MILLRACE_USAGE .*4 files.*c_1.0\/c_train.jsonl, .*README.md/);
  await assertClosed(t, path);
});

test('an archive of one file needs no name for it, an empty one has none', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'one.zip'), zipSync({ 'x/': new Uint8Array(0), 'x/only.txt': strToU8('only') }));
  t.is(await read(t, join(folder, 'one.zip')), 'only');
  await writeFile(join(folder, 'none.zip'), zipSync({}));
  t.regex(await messageOf(t, join(folder, 'none.zip')), /MILLRACE_NOT_FOUND .*holds no files/);
  t.regex(await messageOf(t, join(folder, 'none.zip#a')), /MILLRACE_NOT_FOUND .*holds no files/);
});

test('a long list of entries is cut', async (t) => {
  const path = join(await temporaryFolder(t), 'many.zip');
  await writeFile(path, zipSync(Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`${i}.txt`, strToU8('x')]))));
  t.regex(await messageOf(t, path), /and 30 more/);
});

test('gzip is known by its bytes, whatever its name', async (t) => {
  const path = join(await temporaryFolder(t), 'notes.txt');
  await writeFile(path, Buffer.concat([gzipSync('one\n'), gzipSync('two\n')]));
  t.is(await read(t, path), 'one\ntwo\n');
  await writeFile(path, gzipSync('one\n').subarray(0, 15));
  t.is(await codeOf(t, read(t, path)), 'MILLRACE_BAD_ARCHIVE');
  await writeFile(path, 'not zipped at all');
  t.is(await read(t, path), 'not zipped at all');
  await assertClosed(t, path);
});

test('files that are not there', async (t) => {
  const folder = await temporaryFolder(t);
  for (const name of ['none.txt', 'none.zip#a', 'none#a#b']) {
    t.regex(await messageOf(t, join(folder, name)), /^MILLRACE_NOT_FOUND .*none/);
  }
  t.regex(await messageOf(t, folder), /^MILLRACE_NOT_FOUND /);
});

test('URLs: plain, gzip, an entry of a zip', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const files: Record<string, Uint8Array> = { '/a.txt': strToU8('a'), '/b.gz': gzipSync('b'), '/c.zip': corpus };
  const { base } = await serve(t, ({ url }, response) => response.end(files[url!]));
  t.is(await read(t, `${base}a.txt`, { cacheDir }), 'a');
  t.is(await read(t, `${base}b.gz`, { cacheDir }), 'b');
  t.is(await read(t, `${base}c.zip#**/*dev*`, { cacheDir }), 'dev\n');
  for await (const { origin } of openSource(`${base}c.zip#README.md`, { cacheDir })) {
    t.deepEqual(origin, { source: `${base}c.zip`, entry: 'README.md' });
  }
  await assertClosed(t, cacheDir);
});

test('named corpora come from a mirror: a folder, its URL, a server', async (t) => {
  const folder = await temporaryFolder(t);
  const archive = zipSync({ 'snli_1.0/snli_1.0_dev.jsonl': strToU8('{}\n') });
  await mkdir(join(folder, 'mirror'));
  await writeFile(join(folder, 'mirror', 'snli_1.0.zip'), archive);
  const { base, requests } = await serve(t, ({ url }, response) => {
    response.statusCode = url === '/sub/snli_1.0.zip' ? 200 : 404;
    response.end(archive);
  });
  const cacheDir = join(folder, 'cache');
  const mirrors = [join(folder, 'mirror'), pathToFileURL(join(folder, 'mirror')).href, `${base}sub`, `${base}sub/`];
  for (const mirror of mirrors) t.is(await read(t, 'snli:dev', { mirror, cacheDir }), '{}\n', mirror);
  // One asks whether the server gives parts of it, one for all of it.
  t.is(requests.length, 2);
  for await (const { origin } of openSource('snli:dev', { mirror: mirrors[0] })) {
    t.deepEqual(origin, { source: 'snli:dev', entry: 'snli_1.0/snli_1.0_dev.jsonl' });
  }
  t.regex(await messageOf(t, 'snli:test', { mirror: mirrors[0] }), /^MILLRACE_NOT_FOUND snli:test: .*snli_1.0_dev/);
  t.regex(await messageOf(t, 'glove:6B.50d', { mirror: mirrors[0] }), /^MILLRACE_NOT_FOUND .*glove.6B.zip/);
});

test.serial('without an option the mirror comes from the environment', async (t) => {
  const { MILLRACE_MIRROR } = process.env;
  t.teardown(() => {
    if (MILLRACE_MIRROR === undefined) delete process.env.MILLRACE_MIRROR;
    else process.env.MILLRACE_MIRROR = MILLRACE_MIRROR;
  });
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'snli_1.0.zip'), zipSync({ 'snli_1.0/snli_1.0_dev.jsonl': strToU8('{}\n') }));
  process.env.MILLRACE_MIRROR = folder;
  t.is(await read(t, 'snli:dev'), '{}\n');
  t.regex(await messageOf(t, 'snli:dev', { mirror: join(folder, 'other') }), /^MILLRACE_NOT_FOUND /);
});

test('nothing is opened or fetched before the first block is asked for', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'a.txt'), 'a');
  const { base, requests } = await serve(t, (_, response) => response.end('a'));
  for (const spec of [join(folder, 'a.txt'), base, 'no:corpus']) await openSource(spec, { cacheDir: folder }).return();
  t.is(requests.length, 0);
  await assertClosed(t, folder);
});

test('early return and abort close what was open', async (t) => {
  const folder = await temporaryFolder(t);
  const long = Buffer.alloc(8 << 20, 'a line\n');
  await writeFile(join(folder, 'a.txt'), long);
  await writeFile(join(folder, 'a.gz'), gzipSync(long));
  await writeFile(join(folder, 'a.zip'), zipSync({ a: long }));
  for (const name of ['a.txt', 'a.gz', 'a.zip']) {
    for await (const { last } of openSource(join(folder, name))) {
      t.false(last);
      break;
    }
    await assertClosed(t, folder);
    const controller = new AbortController();
    const blocks = openSource(join(folder, name), { signal: controller.signal });
    await blocks.next();
    const reason = new Error('enough');
    controller.abort(reason);
    t.is(await t.throwsAsync(blocks.next()), reason);
    await assertClosed(t, folder);
  }
});

/** Runs `openSource('-')` in a process of its own, since there is only one standard input. */
function child(body: string): ChildProcess & { output: Promise<string> } {
  const script = `import { openSource } from './stages/source.ts'; ${body}`;
  const args = ['--import=tsx', '--input-type=module', '-e', script];
  const process_ = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  process_.stdin.on('error', () => {});
  const output = (async () => {
    const parts: Buffer[] = [];
    for await (const part of process_.stdout) parts.push(part);
    return Buffer.concat(parts).toString();
  })();
  return Object.assign(process_, { output });
}

const echo = `
  try {
    for await (const { bytes, origin, last } of openSource('-')) {
      process.stdout.write(bytes);
      if (last) process.stdout.write('|' + JSON.stringify(origin));
    }
  } catch (error) { console.log(error.code); }`;

test('standard input, plain, gzip, tar, empty and zip', async (t) => {
  const tar = await packTar([{ header: { name: 'a.txt', size: 4 }, body: 'only' }]);
  const cases: [Uint8Array, string][] = [
    [strToU8('plain'), 'plain|{"source":"-"}'],
    [gzipSync('packed'), 'packed|{"source":"-"}'],
    [gzipSync(tar), 'only|{"source":"-","entry":"a.txt"}'],
    [new Uint8Array(0), '|{"source":"-"}'],
    [corpus, 'MILLRACE_USAGE\n'],
  ];
  for (const [input, expected] of cases) {
    const { stdin, output } = child(echo);
    stdin!.end(input);
    t.is(await output, expected);
  }
});

test('a reader of standard input is answered at once, and may leave while it stays open', async (t) => {
  for (const packed of [false, true]) {
    const running = child(`for await (const { bytes } of openSource('-')) { process.stdout.write(bytes); break; }`);
    const text = 'some lines\n'.repeat(300_000);
    // Never ended: the process has to finish by itself.
    running.stdin!.write(packed ? gzipSync(text).subarray(0, -100) : text);
    const [code] = await once(running, 'exit');
    t.is(code, 0);
    t.true(text.startsWith(await running.output));
  }
});

test('abort ends a read from standard input that nobody answers', async (t) => {
  const { output } = child(`
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')), 20);
    await openSource('-', { signal: controller.signal }).next().catch((error) => console.log(error.message));`);
  t.is(await output, 'enough\n');
});

test('the real corpora, from a local folder', async (t) => {
  const mirror = '../shared/data';
  if (!existsSync(mirror)) {
    t.log(`skipped: ${mirror} is not here`);
    return t.pass();
  }
  const dev = (await read(t, 'snli:dev', { mirror })).trimEnd().split('\n');
  t.is(dev.length, 10_000);
  t.true(dev.every((row) => row.startsWith('{') && row.endsWith('}')));
  for await (const { bytes } of openSource('glove:6B.100d', { mirror })) {
    t.regex(Buffer.from(bytes).toString('latin1', 0, 40), /^\S+ -?\d/);
    break;
  }
});

test('the same through a server, byte for byte', async (t) => {
  const archive = '../shared/data/snli_1.0.zip';
  if (!existsSync(archive)) {
    t.log(`skipped: ${archive} is not here`);
    return t.pass();
  }
  const bytes = await readFile(archive);
  const { base } = await serve(t, (_, response) => response.end(bytes));
  const served = await read(t, 'snli:dev', { mirror: base, cacheDir: await temporaryFolder(t) });
  t.true(served === (await read(t, 'snli:dev', { mirror: '../shared/data' })));
});

test('a named pipe is opened once: what its writer gives is there', async (t) => {
  const folder = await temporaryFolder(t);
  const pipe = join(folder, 'pipe');
  const made = spawn('mkfifo', [pipe]);
  await once(made, 'close');
  const text = 'a line\n'.repeat(100);
  // It waits for a reader, and leaves when it has given all.
  const writer = spawn('sh', ['-c', 'cat > "$0"', pipe], { stdio: ['pipe', 'ignore', 'inherit'] });
  t.teardown(() => writer.kill());
  writer.stdin.end(text);
  t.is(await read(t, pipe), text);
});
