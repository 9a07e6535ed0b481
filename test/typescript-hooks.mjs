/** What `typescript.mjs` registers: gives Node the JavaScript of a `.ts` file, compiled anew if the file is newer. */
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compile, compiledPath, isFresh, isOurs } from './typescript-files.mjs';

/** What was compiled names its neighbours by what they were compiled to. */
export async function resolve(specifier, context, nextResolve) {
  if (specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.endsWith('.ts')) {
    const url = new URL(specifier.replace(/js$/, 'ts'), context.parentURL);
    const path = fileURLToPath(url);
    if (isOurs(path) && statSync(path, { throwIfNoEntry: false })) return { url: url.href, shortCircuit: true };
  }
  return nextResolve(specifier, context);
}

export async function load(url, context, nextLoad) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context);
  const path = fileURLToPath(url);
  if (!isOurs(path)) return nextLoad(url, context);
  if (!isFresh(path)) await compile(path);
  return { format: 'module', source: readFileSync(compiledPath(path)), shortCircuit: true };
}
