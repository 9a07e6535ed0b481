import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { temporaryFolder } from '../stages/files.ts';
import { cli } from './run-cli.ts';

test('doctor tells what can run here, and of the rest why not', async (t) => {
  const folder = await temporaryFolder(t);
  const env = { MILLRACE_CACHE: join(folder, 'cache') };
  const [json, plain] = await Promise.all([cli(t, ['doctor', '--json'], { env }), cli(t, ['doctor'], { env })]);
  t.is(json.stderr + json.code, '0');
  const found = JSON.parse(json.stdout);
  t.is(json.stdout.split('\n').length, 2);
  const { engines: needed } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
  t.like(found, { ok: true, node: { version: process.versions.node, ok: true, needs: needed.node } });
  t.deepEqual(found.cache, { path: env.MILLRACE_CACHE, writable: true });
  t.true(found.cores >= 1 && found.memory.totalMB > found.memory.freeMB);
  const engines: { name: string; available: boolean; reason?: string; hint?: string }[] = found.engines;
  t.deepEqual(
    engines.map(({ name }) => name),
    ['node-gpu', 'node', 'wasm', 'cpu'],
  );
  t.is(found.engine, engines.find(({ available }) => available)?.name);
  t.true(engines.find(({ name }) => name === 'cpu')?.available);

  t.is(plain.stderr + plain.code, '0');
  t.true(plain.stdout.includes(`\nnode      ${process.versions.node}\n`));
  for (const { name, available, reason, hint } of engines) {
    t.regex(plain.stdout, new RegExp(`\n  ${name} +${available ? 'ready' : 'not available'}: `));
    if (!available) t.true(plain.stdout.includes(reason as string) && plain.stdout.includes(hint as string));
  }
});

test('a cache that cannot be written fails, and says what to do', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'file'), '');
  const env = { MILLRACE_CACHE: join(folder, 'file') };
  const plain = await cli(t, ['doctor'], { env });
  t.is(plain.code, 1);
  t.regex(plain.stdout, /cannot be written\. Point MILLRACE_CACHE at a folder that can\./);
});
