import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type WorkerOptions, workerData } from 'node:worker_threads';

/**
 * Where a worker thread begins: `worker.ts`, or what it was compiled to.
 *
 * @param beside a module of the same folder; default this one
 */
export function entryOfWorkers(beside: string = import.meta.url): URL {
  const worker = new URL(`worker${extname(beside)}`, beside);
  const base = whereTsxIsFound();
  if (base === undefined) return worker;
  // tsx runs TypeScript that nobody compiled; but on Node 20 it takes care of the main thread only.
  const [from, to] = [base, worker.href].map((url) => JSON.stringify(url));
  const code = `import { register } from 'node:module'; register('tsx/esm', ${from}, { data: {} }); await import(${to});`;
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}

/** Threads inherit Node's options; but one is for programs given as text, and no worker starts with it. */
export function optionsOfWorkers(): WorkerOptions {
  const isText = process.execArgv.some((option) => option.startsWith('--input-type'));
  return { workerData: OURS, ...(isText && { execArgv: [] }) };
}

const OURS = 'millrace';

/** Whether this is a worker thread of a pipeline. */
export function isWorker(): boolean {
  return workerData === OURS;
}

/** The place from which to look for tsx, if this program was started with it: its own, or that where Node looked. */
function whereTsxIsFound(): string | undefined {
  const options = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(/\s+/)];
  const loader = options.map((option) => option.replace(/^--import=/, '')).find(isTsx);
  return loader?.startsWith('file:') ? loader : loader && pathToFileURL(`${process.cwd()}/`).href;
}

function isTsx(loader: string): boolean {
  return loader === 'tsx' || /^file:.*\/tsx\/.*\.mjs$/.test(loader);
}
