/** The project's TypeScript files, and what each is compiled to for the tests. */
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, '.cache/test');

/** Whether it is a TypeScript file of this project. */
export function isOurs(path) {
  const inside = relative(root, path);
  return path.endsWith('.ts') && !inside.startsWith('..') && !inside.split(sep).includes('node_modules');
}

/** Where the JavaScript of a file is kept. */
export function compiledPath(path) {
  return join(folder, relative(root, path).replace(/\.ts$/, '.js'));
}

/** Whether what it was compiled to is there and as new as the file. */
export async function isFresh(path) {
  const [source, compiled] = await Promise.all([stat(path), stat(compiledPath(path)).catch(() => undefined)]);
  return compiled !== undefined && compiled.mtimeMs >= source.mtimeMs;
}

/** All files of the project. */
export async function* ours(at = root) {
  for (const entry of await readdir(at, { withFileTypes: true })) {
    const path = join(at, entry.name);
    const elsewhere = entry.name.startsWith('.') || ['node_modules', 'dist', 'runs', 'assembly'].includes(entry.name);
    if (entry.isDirectory() && !elsewhere) yield* ours(path);
    else if (entry.isFile() && isOurs(path) && !path.endsWith('.d.ts')) yield path;
  }
}

/** Compiles files one by one: types are taken away, and not checked. */
export async function compile(paths) {
  const { transform } = await import('esbuild');
  await Promise.all(
    paths.map(async (path) => {
      const options = { loader: 'ts', format: 'esm', target: 'node20', sourcemap: 'inline', sourcefile: path };
      const { code } = await transform(await readFile(path, 'utf8'), options);
      const compiled = compiledPath(path);
      await mkdir(dirname(compiled), { recursive: true });
      // Whoever reads it at the same time finds all of it or the one before.
      const beside = `${compiled}.${process.pid}.tmp`;
      await writeFile(beside, code);
      await rename(beside, compiled);
    }),
  );
}
