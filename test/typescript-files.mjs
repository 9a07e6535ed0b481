/** The project's TypeScript files, and what each is compiled to for the tests: a tree that Node runs as it is. */
import { statSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** As deep as `dist`, so that what looks beside itself finds the same. */
const folder = join(root, '.compiled');

/** Whether it is a TypeScript file of this project. */
export function isOurs(path) {
  const inside = relative(root, path);
  return path.endsWith('.ts') && !inside.startsWith('..') && !inside.split(sep).includes('node_modules');
}

/** Where the JavaScript of a file is kept; kernels are kept beside it, as they are. */
export function compiledPath(path) {
  return join(folder, relative(root, path).replace(/\.ts$/, '.js'));
}

/** Whether what it was compiled to is there and as new as the file. */
export function isFresh(path) {
  const compiled = statSync(compiledPath(path), { throwIfNoEntry: false });
  return compiled !== undefined && compiled.mtimeMs >= statSync(path).mtimeMs;
}

/** Compiles what is not compiled yet, so that nobody has to who needs it next. */
export async function compileAll() {
  const stale = [];
  for await (const path of ours()) if (!isFresh(path)) stale.push(path);
  await Promise.all(
    stale.map((path) => (path.endsWith('.ts') ? compile(path) : keep(path, (to) => copyFile(path, to)))),
  );
}

/** All files of the project that programs consist of. */
async function* ours(at = root) {
  for (const entry of await readdir(at, { withFileTypes: true })) {
    const path = join(at, entry.name);
    const elsewhere = entry.name.startsWith('.') || ['node_modules', 'dist', 'runs', 'assembly'].includes(entry.name);
    if (entry.isDirectory() && !elsewhere) yield* ours(path);
    else if (entry.isFile() && /(?<!\.d)\.ts$|\.wasm$/.test(path)) yield path;
  }
}

/** Compiles a file: types are taken away, and not checked. */
export async function compile(path) {
  const code = await toJavaScript(await readFile(path, 'utf8'), path);
  await keep(path, (to) => writeFile(to, code));
}

/** @param path what maps of it call the source */
export async function toJavaScript(source, path) {
  const { transform } = await import('esbuild');
  const options = { loader: 'ts', format: 'esm', target: 'node20', sourcemap: 'inline', sourcefile: path };
  const { code } = await transform(source, options);
  return code.replace(/(\bfrom |\bimport |\bimport\()("\.[^"\n]*)\.ts"/g, '$1$2.js"');
}

/** Whoever reads it at the same time finds all of it or the one before. */
async function keep(path, write) {
  const compiled = compiledPath(path);
  await mkdir(dirname(compiled), { recursive: true });
  const beside = `${compiled}.${process.pid}.tmp`;
  await write(beside);
  await rename(beside, compiled);
}
