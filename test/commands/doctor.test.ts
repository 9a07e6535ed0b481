import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { temporaryFolder } from '../stages/files.ts';
import { cli } from './run-cli.ts';

interface Found {
  readonly ok: boolean;
  readonly cores: number;
  readonly memory: { totalMB: number; freeMB: number };
  readonly cache: object;
  readonly engine?: string;
  readonly engines: readonly {
    name: string;
    available: boolean;
    reason?: string;
    hint?: string;
    adapter?: { name: string; software: boolean };
  }[];
}

test('doctor tells what can run here, of the rest why not, and what to do', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'file'), '');
  const [json, plain] = await Promise.all([
    cli(t, ['doctor', '--json'], { env: { MILLRACE_CACHE: join(folder, 'cache') } }),
    // No folder, and nothing can be written into it.
    cli(t, ['doctor'], { env: { MILLRACE_CACHE: join(folder, 'file') } }),
  ]);
  t.is(json.stderr + json.code, '0');
  t.is(json.stdout.split('\n').length, 2);
  const found = JSON.parse(json.stdout) as Found;
  const { engines: needed } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
  t.like(found, { ok: true, node: { version: process.versions.node, ok: true, needs: needed.node } });
  t.deepEqual(found.cache, { path: join(folder, 'cache'), writable: true });
  t.true(found.cores >= 1 && found.memory.totalMB > found.memory.freeMB);
  t.deepEqual(
    found.engines.map(({ name }) => name),
    ['tfjs-node-gpu', 'tfjs-node', 'webgpu', 'wasm', 'cpu'],
  );
  t.is(found.engine, found.engines.find(({ available, adapter }) => available && !adapter?.software)?.name);
  t.true(found.engines.find(({ name }) => name === 'cpu')?.available);

  t.is(plain.stderr + plain.code, '1');
  t.regex(plain.stdout, /cannot be written\. Point MILLRACE_CACHE at a folder that can\./);
  t.true(plain.stdout.includes(`\nnode      ${process.versions.node}\n`));
  for (const { name, available, reason, hint } of found.engines) {
    t.regex(plain.stdout, new RegExp(`\n  ${name} +${available ? 'ready: |works, but not on a GPU: ' : ''}`));
    if (!available) t.true(plain.stdout.includes(reason as string) && plain.stdout.includes(hint as string));
  }
});
