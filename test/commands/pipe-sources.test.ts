import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { temporaryFolder, until } from '../stages/files.ts';
import { serve } from '../stages/server.ts';
import { entryOf, smallCorpus } from './corpus.ts';
import { cli, rowsOf, startCli } from './run-cli.ts';

test('standard input is read, plain and packed, and left open when enough has been read', async (t) => {
  const packed = await cli(t, ['pipe', '-', 'lines'], { input: gzipSync('one\ntwo\n') });
  t.deepEqual(rowsOf(packed.stdout), [
    { text: 'one', origin: { source: '-', line: 1 } },
    { text: 'two', origin: { source: '-', line: 2 } },
  ]);
  const running = startCli(t, ['pipe', '-', '--limit', '2']);
  running.process.stdin.write('one\n');
  await running.sees('one');
  // Printed before the second line was there, and ended though more may come.
  running.process.stdin.write('two\nthree\n');
  const { stdout, code } = await running.ended;
  t.deepEqual(
    rowsOf(stdout).map(({ text }) => text),
    ['one', 'two'],
  );
  t.is(code, 0);
});

test('what needs two passes over standard input is told so', async (t) => {
  const { stdout, stderr, code } = await cli(t, ['pipe', '-', 'tokenize:word', 'ids'], { input: 'a rose\n' });
  t.is(stdout, '');
  t.regex(stderr, /^millrace: -: Standard input can be read only once\. Save it in a file[^\n]*\n$/);
  t.is(code, 2);
});

test('corpora by name come from a folder, by flag or variable, or from a server, once', async (t) => {
  const { folder, archive } = await smallCorpus(t);
  const pair = {
    id: '3.jpg#0r1e',
    label: 'entailment',
    premise: { text: 'Ann sings.' },
    hypothesis: { text: 'Ann sings.' },
    origin: { source: 'snli:dev', entry: entryOf('dev'), line: 1 },
  };
  const bytes = await readFile(archive);
  const { base, requests } = await serve(t, (request, response) => {
    response.statusCode = request.url === '/mirror/snli_1.0.zip' ? 200 : 404;
    response.end(bytes);
  });
  const cache = join(folder, 'cache');
  const dev = ['pipe', 'snli:dev', '--limit', '1'];
  const ways: [args: string[], env: Record<string, string>][] = [
    [dev, { MILLRACE_MIRROR: folder }],
    [[...dev, '--mirror', folder], { MILLRACE_MIRROR: '/nowhere' }],
    [dev, { MILLRACE_MIRROR: `${base}mirror/`, MILLRACE_CACHE: cache }],
    // Now it is in the cache.
    [[...dev, '--cache-dir', cache], { MILLRACE_MIRROR: `${base}mirror` }],
  ];
  for (const [args, env] of ways) {
    const { stdout, stderr, code } = await cli(t, args, { env });
    t.deepEqual(rowsOf(stdout), [pair]);
    t.is(stderr, '', 'a progress bar where nobody looks');
    t.is(code, 0);
  }
  // One asks whether the server gives parts of it, one for all of it.
  t.is(requests.length, 2);

  const missing = await cli(t, dev, { env: { MILLRACE_MIRROR: `${base}elsewhere`, MILLRACE_CACHE: cache } });
  t.is(missing.code, 1);
  t.regex(missing.stderr, /^millrace: http:[^\n]*elsewhere\/snli_1\.0\.zip: [^\n]*404[^\n]*\n$/);
});

test('an interrupt ends the run with 130, and leaves no half file behind', async (t) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const cwd = await temporaryFolder(t);
    const running = startCli(t, ['pipe', '-', '--to', 'lines.jsonl'], { cwd });
    running.process.stdin.write('a line, and no end\n');
    await until(async () => (await readdir(cwd)).length > 0);
    running.process.kill(signal);
    t.deepEqual(await running.ended, { stdout: '', stderr: 'millrace: interrupted\n', code: 130 });
    t.deepEqual(await readdir(cwd), []);
  }
});

test('an interrupt is heard while nobody reads what was printed', async (t) => {
  const running = startCli(t, ['pipe', '-']);
  running.process.stdin.write('a line of some length that comes again and again\n'.repeat(40_000));
  await running.sees('a line');
  running.process.stdout.pause();
  // Time for it to fill what lies between two processes, and to wait for a reader.
  await sleep(300);
  running.process.kill('SIGINT');
  const [code] = await once(running.process, 'exit');
  t.is(code, 130);
});

test('--sha256 holds for files and URLs: a wrong one is an error with both sums, and nothing comes of it', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'notes.txt');
  await writeFile(path, 'one\n');
  const { base } = await serve(t, (_, response) => response.end('one\n'));
  const right = createHash('sha256').update('one\n').digest('hex');
  const wrong = 'ab'.repeat(32);
  for (const source of [path, `${base}notes.txt`]) {
    const run = (...args: string[]) => cli(t, ['pipe', source, 'lines', ...args], { env: { MILLRACE_CACHE: folder } });
    const refused = await run('--sha256', wrong);
    t.is(refused.stdout, '');
    t.not(refused.code, 0);
    t.regex(refused.stderr, new RegExp(`expected SHA-256 ${wrong}, found "${right}"`));
    t.is((await run('--sha256', wrong, '--sha256', right.toUpperCase())).code, 0);
  }
  t.regex((await cli(t, ['pipe', path, '--sha256', 'abc'])).stderr, /64 hexadecimal digits/);
});
