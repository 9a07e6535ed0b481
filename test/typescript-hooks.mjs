/** What `typescript.mjs` registers: gives Node the JavaScript of a `.ts` file, compiled anew if the file is newer. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { compile, compiledPath, isFresh, isOurs } from './typescript-files.mjs';

export async function load(url, context, nextLoad) {
  if (!url.startsWith('file:')) return nextLoad(url, context);
  const path = fileURLToPath(url);
  if (!isOurs(path)) return nextLoad(url, context);
  if (!(await isFresh(path))) await compile([path]);
  return { format: 'module', source: await readFile(compiledPath(path)), shortCircuit: true };
}
