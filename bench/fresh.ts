/** Programs that are run afresh for each measurement, compiled beforehand as they are for a release. */
import { type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));
const built = join(folder, '../.cache/bench');

/** The command line, once {@link build} has run. */
export const cli = join(built, 'cli.js');

/** A program of `bench/passes`, by its name. */
export function passPath(name: string): string {
  return join(built, 'bench/passes', `${name}.js`);
}

/**
 * Compiles the passes and what they import. `dist/` may be older than the source, and running TypeScript unbuilt takes
 * memory and time that would be measured.
 */
export async function build(): Promise<void> {
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  await node([compiler, '-p', join(folder, 'tsconfig.json')], { stdio: ['ignore', 2, 2] });
  for (const kernels of ['stages/kernels/text', 'engine/kernels/simd', 'engine/kernels/relaxed-simd']) {
    await copyFile(join(folder, '..', `${kernels}.wasm`), join(built, `${kernels}.wasm`));
  }
}

/** Runs a pass and answers its figures. */
export async function runPass<O extends object, F>(name: string, options: O): Promise<F> {
  return JSON.parse(
    await node([passPath(name), JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] }),
  ) as F;
}

/**
 * Runs Node on `args`.
 *
 * @returns what it wrote to stdout, where that is a pipe
 * @throws Error when it fails
 */
export async function node(args: readonly string[], options: SpawnOptions): Promise<string> {
  const child = spawn(process.execPath, [...args], options);
  const parts: Buffer[] = [];
  child.stdout?.on('data', (part: Buffer) => parts.push(part));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${code}`);
  return Buffer.concat(parts).toString();
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** The run whose figure is the median; of an even number of runs the better of the two in the middle. */
export function medianRun<R>(runs: readonly R[], figure: (run: R) => number): R {
  return [...runs].sort((a, b) => figure(a) - figure(b))[(runs.length - 1) >> 1] as R;
}
