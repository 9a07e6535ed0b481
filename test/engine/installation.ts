/** Millrace, compiled, in a folder of its own, with the packages beside it that a test wants there, and without those that it does not. */

import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileAll } from '../typescript-files.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const parts = ['cli.js', 'commands', 'engine', 'models', 'pipeline', 'reports', 'stages'];

/** A package of ours in the place of a real one: its files by their names. */
export type Planted = Readonly<Record<string, string>>;

export interface Packages {
  /** Real packages that are not to be there. */
  readonly hidden?: readonly string[];
  readonly planted?: Readonly<Record<string, Planted>>;
  /** Real packages from elsewhere: the folder of each. */
  readonly linked?: Readonly<Record<string, string>>;
}

/** A folder that is removed after the test. */
export async function install(
  t: { teardown(remove: () => unknown): void },
  { hidden = [], planted = {}, linked = {} }: Packages,
): Promise<string> {
  // Its real path: else Node would give modules of it another one.
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'millrace-installation-')));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await compileAll();
  await Promise.all(parts.map((part) => cp(join(root, '.compiled', part), join(folder, part), { recursive: true })));
  await cp(join(root, 'package.json'), join(folder, 'package.json'));
  const ours = new Set([...hidden, ...Object.keys(planted), ...Object.keys(linked)]);
  const modules = join(folder, 'node_modules');
  const link = async (name: string, to: string) => {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(to, join(modules, name));
  };
  for (const name of await packagesIn(join(root, 'node_modules'))) {
    if (!ours.has(name)) await link(name, join(root, 'node_modules', name));
  }
  for (const [name, to] of Object.entries(linked)) await link(name, to);
  for (const [name, files] of Object.entries(planted)) {
    await mkdir(join(modules, name), { recursive: true });
    for (const [file, text] of Object.entries(files)) await writeFile(join(modules, name, file), text);
  }
  return folder;
}

/** Names of the packages in a `node_modules`, with their scopes. */
export async function packagesIn(modules: string): Promise<string[]> {
  const names = (await readdir(modules)).filter((name) => !name.startsWith('.'));
  const scoped = names
    .filter((name) => name.startsWith('@'))
    .map(async (scope) => (await readdir(join(modules, scope))).map((name) => `${scope}/${name}`));
  return [...names.filter((name) => !name.startsWith('@')), ...(await Promise.all(scoped)).flat()];
}

/** Runs a program there, by its name in that folder. */
export function runIn(
  folder: string,
  [program, ...args]: readonly [string, ...string[]],
  { env = process.env, node = [] }: { env?: NodeJS.ProcessEnv; node?: readonly string[] } = {},
): Promise<{ stdout: string; stderr: string; code: number | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...node, join(folder, program), ...args], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { stdout: '', stderr: '' };
    child.stdout.on('data', (text) => {
      said.stdout += text;
    });
    child.stderr.on('data', (text) => {
      said.stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ ...said, code }));
  });
}
