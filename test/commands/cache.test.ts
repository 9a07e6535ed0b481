import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { compose } from '../../stages/index.ts';
import { temporaryFolder } from '../stages/files.ts';
import { serveFile } from '../stages/hostile-server.ts';
import { cli } from './run-cli.ts';

const LINES = ['a rose', 'is a rose'];

/** A folder with notes of two lines, in which downloads and caches are kept too, and `millrace` in it. */
async function place(t: ExecutionContext) {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'notes.txt'), `${LINES.join('\n')}\n`);
  const caches = join(folder, 'pipelines');
  const run = (...args: string[]) => cli(t, args, { cwd: folder, env: { MILLRACE_CACHE: folder } });
  const cache = (...stages: string[]) => compose(join(folder, 'notes.txt'), [...stages, `cache:${caches}`]).toArray();
  return { caches, cache, run };
}

test('pipe reads from the cache what it has cached, and says so', async (t) => {
  const { caches, run } = await place(t);
  const first = await run('pipe', 'notes.txt', 'tokenize:word', 'cache', 'take:5', '--stats');
  t.is(first.code, 0, first.stderr);
  t.regex(first.stderr, /^tokenize /m);
  const second = await run('pipe', 'notes.txt', 'tokenize:word', 'cache', 'take:5', '--stats');
  t.is(second.stdout, first.stdout);
  t.is(first.stdout.trim().split('\n').length, LINES.length);
  t.notRegex(second.stderr, /^tokenize /m);
  t.is((await readdir(caches)).length, 1);

  // A run that stops before the end leaves none.
  t.is((await run('pipe', 'notes.txt', 'cache:here', '--limit', '1')).code, 0);
  t.deepEqual(await readdir(join(caches, '..', 'here')), []);
});

test('ls lists, verify reads every byte, rm removes', async (t) => {
  const { caches, cache, run } = await place(t);
  t.regex((await run('cache', 'ls')).stdout, /nothing is cached/);
  await cache('tokenize:word');
  await cache('tokenize:whitespace');

  const table = await run('cache', 'ls');
  t.regex(table.stdout, /^key +rows +MB +age +state +pipeline$/m);
  t.regex(table.stdout, /^[0-9a-f]{12} +2 +0\.0 +0 min +complete +\S+notes\.txt lines tokenize:method=word$/m);
  const listed = JSON.parse((await run('cache', 'ls', '--json')).stdout);
  t.is(listed.folder, caches);
  t.is(listed.caches.length, 2);
  const whitespace = listed.caches.find(({ pipeline }: { pipeline: string }) => pipeline.endsWith('whitespace'));
  t.like(whitespace, { complete: true, rows: 2, beingWritten: false });

  t.is((await run('cache', 'verify')).stdout, '2 intact, 0 damaged\n');
  const bytes = await readFile(whitespace.path);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
  await writeFile(whitespace.path, bytes);
  const verified = await run('cache', 'verify');
  t.is(verified.code, 1);
  t.is(verified.stdout, `damaged: ${whitespace.path}\n1 intact, 1 damaged\n`);

  const removed = await run('cache', 'rm', whitespace.key.slice(0, 20));
  t.is(removed.code, 0, removed.stderr);
  t.regex(removed.stdout, /^removed 1, /);
  t.deepEqual(await readdir(caches), [
    `${listed.caches.find(({ key }: { key: string }) => key !== whitespace.key).key}.millrace`,
  ]);
});

test('rm removes by age or all, and asks for one of these', async (t) => {
  const { caches, cache, run } = await place(t);
  await cache();
  await cache('take:1');
  const [old] = (await readdir(caches)) as [string];
  const twoDaysAgo = new Date(Date.now() - 2 * 86_400_000);
  await utimes(join(caches, old), twoDaysAgo, twoDaysAgo);
  t.regex((await run('cache', 'rm', '--older-than', '3')).stdout, /^removed 0, /);
  t.regex((await run('cache', 'rm', '--older-than', '1.5')).stdout, /^removed 1, /);
  t.false((await readdir(caches)).includes(old));

  for (const args of [[], ['--all', '--older-than', '1'], ['nokey']]) {
    const wrong = await run('cache', 'rm', ...args);
    t.is(wrong.code, 2, args.join(' '));
    t.not(wrong.stderr, '');
  }
  t.is((await readdir(caches)).length, 1);
  t.regex((await run('cache', 'rm', '--all')).stdout, /^removed 1, /);
  t.deepEqual(await readdir(caches), []);
});

test('what cache lacks is wrong usage, told with what there is', async (t) => {
  const { run } = await place(t);
  const { code, stderr } = await run('cache', 'list');
  t.is(code, 2);
  t.regex(stderr, /verify/);
});

test('ls, verify and rm look after downloads too', async (t) => {
  const { caches, run } = await place(t);
  const bytes = Buffer.from('one\ntwo\n');
  const { base } = await serveFile(t, () => ({ bytes, etag: '"1"' }));
  t.is((await run('pipe', `${base}notes.txt`, 'lines')).code, 0);
  const table = await run('cache', 'ls');
  t.regex(table.stdout, /^key +MB +age +state +download$/m);
  t.regex(table.stdout, new RegExp(`^[0-9a-f]{12} +0\\.0 +0 min +whole +${base}notes.txt$`, 'm'));
  const [listed] = JSON.parse((await run('cache', 'ls', '--json')).stdout).downloads;
  t.like(listed, { url: `${base}notes.txt`, state: 'whole', beingFetched: false });
  t.is((await run('cache', 'verify')).stdout, '1 intact, 0 damaged\n');
  t.is((await run('cache', 'verify', '--folder', join(caches, 'other'))).stdout, '0 intact, 0 damaged\n');
  await writeFile(listed.copy.path, 'one\ntwO\n');
  const verified = await run('cache', 'verify');
  t.is(verified.code, 1);
  t.is(verified.stdout, `damaged: ${listed.copy.path}\n0 intact, 1 damaged\n`);
  // What somebody has touched is looked at when it is opened, and fetched anew if it is damaged.
  t.regex((await run('pipe', `${base}notes.txt`, 'lines')).stdout, /"two"/);
  t.is((await run('cache', 'verify')).stdout, '1 intact, 0 damaged\n');
  t.regex((await run('cache', 'rm', listed.key)).stdout, /^removed 1, /);
  t.regex((await run('cache', 'ls')).stdout, /nothing is cached/);
});
