/** Runs a target in a child process, and finds out what the child cannot tell: that it hangs, dies, or takes too much. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Message, Task } from './child.ts';

/**
 * How long an input may take, in milliseconds: of the processor's time, since others may be using it too, or five times as
 * long by the clock.
 */
export const LONGEST_MS = 2000;
const CLOCK = 5;

/** How much memory the whole process may take. */
export const MOST_BYTES = 256 * 2 ** 20;

export interface Failure {
  readonly kind: 'error' | 'hang' | 'crash' | 'memory';
  /** The number of the input; with the seed and the target it names it. */
  readonly number: number;
  /** What failures of one cause share. */
  readonly signature: string;
  readonly text: string;
  /** Absent where a failure of this cause has been told before. */
  readonly input?: Buffer;
}

export interface Slowest {
  readonly number: number;
  readonly ms: number;
}

export interface Figures {
  readonly target: string;
  readonly inputs: number;
  readonly failures: readonly Failure[];
  /** How often each outcome was seen: `taken`, the codes of errors, `failure`. */
  readonly codes: Readonly<Record<string, number>>;
  readonly slowest: Slowest;
  /** The most memory of the whole process, in bytes. */
  readonly peak: number;
}

export interface WatchOptions {
  /** The module with the targets. */
  readonly targets?: URL;
  readonly seed: number;
  readonly inputs: number;
  /** Inputs to a process; then there is a new one, so that what was read before does not count for what is read now. */
  readonly perProcess?: number;
  /** Told of each failure as soon as its process has ended. */
  readonly onFailure?: (failure: Failure) => Promise<void>;
  /** For tests. */
  readonly longest?: number;
  readonly most?: number;
}

const allTargets = new URL('./targets/index.ts', import.meta.url);

export async function watch(target: string, options: WatchOptions): Promise<Figures> {
  const { seed, inputs, perProcess = inputs, targets = allTargets } = options;
  const failures: Failure[] = [];
  const codes: Record<string, number> = {};
  let slowest: Slowest = { number: 0, ms: 0 };
  let peak = 0;
  for (let from = 0; from < inputs; ) {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-fuzz-'));
    try {
      const to = Math.min(inputs, from + perProcess);
      const ended = await watchOne({ targets: targets.href, target, seed, from, to, folder }, options);
      failures.push(...ended.failures);
      for (const failure of ended.failures) await options.onFailure?.(failure);
      for (const [code, count] of Object.entries(ended.codes)) codes[code] = (codes[code] ?? 0) + count;
      if (ended.slowest.ms > slowest.ms) slowest = ended.slowest;
      peak = Math.max(peak, ended.peak);
      from = ended.next;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  return { target, inputs, failures, codes, slowest, peak };
}

interface Ended extends Omit<Figures, 'target' | 'inputs'> {
  /** The first input that has not been read. */
  readonly next: number;
}

async function watchOne(task: Task, { longest = LONGEST_MS, most = MOST_BYTES }: WatchOptions): Promise<Ended> {
  const child = fork(fileURLToPath(new URL('./child.ts', import.meta.url)), [JSON.stringify(task)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const failures: Failure[] = [];
  let errors = '';
  child.stderr!.on('data', (text) => {
    errors = `${errors}${text}`.slice(-4000);
  });
  let number: number | undefined;
  let since = Number.POSITIVE_INFINITY;
  let cpuBefore: number | undefined;
  let peak = 0;
  let isDone = false;
  const codes: Record<string, number> = {};
  let slowest: Slowest = { number: task.from, ms: 0 };
  let killedFor: 'hang' | 'memory' | undefined;
  const kill = (why: 'hang' | 'memory') => {
    killedFor ??= why;
    child.kill('SIGKILL');
  };
  child.on('message', (message: Message) => {
    since = performance.now();
    cpuBefore = undefined;
    switch (message.kind) {
      case 'begins':
        number = message.number;
        break;
      case 'ended':
        codes[message.code] = (codes[message.code] ?? 0) + 1;
        if (message.ms > slowest.ms) slowest = { number: message.number, ms: message.ms };
        break;
      case 'failure': {
        const { input, ...told } = message;
        failures.push({ ...told, kind: 'error', ...(input !== '' && { input: Buffer.from(input, 'base64') }) });
        break;
      }
      case 'done':
        since = Number.POSITIVE_INFINITY;
        isDone = true;
        peak = Math.max(peak, message.peak);
    }
  });
  const timer = setInterval(async () => {
    const ms = performance.now() - since;
    const cpu = await cpuOf(child);
    cpuBefore ??= cpu;
    if (ms > longest && (cpu - cpuBefore > longest || ms > CLOCK * longest)) return kill('hang');
    peak = Math.max(peak, await peakOf(child));
    if (peak > most) kill('memory');
  }, 50);
  const exit = await new Promise<string>((resolve) => {
    child.once('close', (code, signal) => resolve(`${signal ?? code}`));
  });
  clearInterval(timer);
  const counted = { codes, slowest, peak, failures };
  if (isDone && !killedFor && exit === '0') {
    if (peak <= most) return { ...counted, next: task.to };
    // It was over between two looks.
    const text = `${Math.round(peak / 2 ** 20)} MiB, at some input of ${task.from} to ${task.to - 1}`;
    return {
      ...counted,
      failures: [...failures, { kind: 'memory', number: number!, signature: 'memory', text }],
      next: task.to,
    };
  }
  if (number === undefined) throw new Error(`The target ${task.target} does not start (${exit}):\n${errors}`);
  const kind = killedFor ?? 'crash';
  const text = {
    hang: `more than ${longest} ms`,
    memory: `${Math.round(peak / 2 ** 20)} MiB`,
    crash: `${exit}\n${errors}`,
  }[kind];
  const input = await readFile(join(task.folder, 'input'));
  return { ...counted, failures: [...failures, { kind, number, signature: kind, text, input }], next: number + 1 };
}

/** How much memory a process has had at most; 0 where nobody tells, and once it has ended. */
async function peakOf({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}

/** The processor's time that a process has had, in milliseconds, by ticks of a hundredth of a second; 0 where nobody tells. */
async function cpuOf({ pid }: ChildProcess): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // Behind the name, which may hold anything: the 12th and 13th field are the time for itself and in the kernel.
  const [user = '0', system = '0'] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) * 10;
}
