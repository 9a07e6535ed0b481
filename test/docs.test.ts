import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { catalog } from '../stages/index.ts';
import { realData } from './real-data.ts';
import { compileAll, toJavaScript } from './typescript-files.mjs';

// Every command and snippet of the README and the docs is run here, as it stands, in a folder that looks like a clone.

const root = resolve(import.meta.dirname, '..');
await compileAll();
const run = promisify(execFile);

/** Fenced blocks of one language. */
async function blocks(file: string, language: string): Promise<string[]> {
  const text = await readFile(join(root, file), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, body]) => body as string);
}

/** A folder with the fixtures and README of a clone, in which `npx millrace` is the source as it is. */
async function makeClone(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-docs-'));
  await cp(join(root, 'README.md'), join(folder, 'README.md'));
  await symlink(join(root, 'fixtures'), join(folder, 'fixtures'));
  await writeFile(join(folder, 'notes.txt'), 'A rose is a rose.\n');
  await mkdir(join(folder, 'bin'));
  const npx = `#!/bin/sh\n[ "$1" = millrace ] || exit 9\nshift\nexec "${process.execPath}" "${join(root, '.compiled/cli.js')}" "$@"\n`;
  await writeFile(join(folder, 'bin/npx'), npx, { mode: 0o755 });
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

async function sh(folder: string, script: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: folder,
    env: { ...process.env, ...env, PATH: `${join(folder, 'bin')}:${process.env.PATH}` },
    maxBuffer: 1 << 26,
  });
  return stdout;
}

const documents = [
  'README.md',
  ...['architecture', 'checkpoints', 'dependencies', 'engines', 'models', 'reliability', 'stages'].map(
    (name) => `docs/${name}.md`,
  ),
];

test('every document that there is, is looked at', async (t) => {
  const there = (await readdir(join(root, 'docs')))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`);
  t.deepEqual(there.sort(), documents.slice(1).sort());
});

for (const document of documents) {
  test(`the commands of ${document} run`, async (t) => {
    const clone = await makeClone();
    t.teardown(clone.remove);
    const scripts = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')).scripts as Record<string, string>;
    for (const block of await blocks(document, 'sh')) {
      if (/^npm /.test(block)) {
        // The set-up commands themselves are run on every landing; that they name scripts that exist is checked here.
        for (const [, script] of block.matchAll(/npm (start|test|run [a-z]+)/g)) {
          t.truthy(scripts[(script as string).replace('run ', '')], block);
        }
        continue;
      }
      if (/\b(snli|glove):/.test(block)) {
        if (realData.snli === undefined || realData.glove === undefined) {
          t.log(`no real corpora here: not run: ${block}`);
          continue;
        }
        // The same commands, made short: less data, one epoch.
        const short = block
          .replace(/^(npx millrace train .*)$/gm, '$1 --limit 100 --epochs 1')
          .replace(/snli:dev$/gm, 'snli:dev --limit 100');
        const out = await sh(clone.folder, short, { MILLRACE_MIRROR: dirname(realData.snli) });
        t.true(out.length > 0, block);
        continue;
      }
      const out = await sh(clone.folder, block);
      t.true(out.length > 0, block);
    }
    t.pass();
  });

  test(`the snippets of ${document} run`, async (t) => {
    const clone = await makeClone();
    t.teardown(clone.remove);
    for (const [i, block] of (await blocks(document, 'ts')).entries()) {
      const file = join(clone.folder, `snippet-${i}.mjs`);
      const url = (path: string) => pathToFileURL(join(root, '.compiled', path)).href;
      const code = block
        .replace(/from 'millrace'/g, `from '${url('index.js')}'`)
        .replace(/from 'millrace\/(\w+)'/g, (_, room: string) => `from '${url(`${room}/index.js`)}'`);
      await writeFile(file, await toJavaScript(code, file));
      await t.notThrowsAsync(run(process.execPath, [file], { cwd: clone.folder }), block);
    }
    t.pass();
  });
}

test('docs/stages.md tells of every stage and option', async (t) => {
  const text = await readFile(join(root, 'docs/stages.md'), 'utf8');
  for (const [name, { options }] of Object.entries(catalog)) {
    const section = text.split(/^## /m).find((part) => part.startsWith(`${name}\n`));
    t.truthy(section, `a section on ${name}`);
    for (const option of Object.keys(options)) t.true(section?.includes(`\`${option}\``), `${name} ${option}`);
  }
});
