/** The command line as a user has it: a process of its own, with its output, its exit code and its signals. */
import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { compileAll } from '../typescript-files.mjs';

/** Compiled, as users have it: it starts in half the time. */
const program = fileURLToPath(new URL('../../.compiled/cli.js', import.meta.url));
await compileAll();

export interface CliOptions {
  readonly cwd?: string;
  /** Beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** All of stdin; without it stdin is empty. */
  readonly input?: string | Uint8Array;
  /** A module that runs before the program. */
  readonly preload?: string;
}

export interface CliResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

/** A running `millrace`; it ends with the test at the latest. */
export interface RunningCli {
  readonly process: ChildProcessWithoutNullStreams;
  /** Waits until the output, stdout or stderr, holds `text`; throws when the program ends without it. */
  sees(text: string): Promise<void>;
  readonly ended: Promise<CliResult>;
}

/** Runs `millrace ARGS` to its end. */
export function cli(t: ExecutionContext, args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const running = startCli(t, args, options);
  running.process.stdin.end(options.input ?? '');
  return running.ended;
}

/** Starts `millrace ARGS`, its stdin open. */
export function startCli(
  t: ExecutionContext,
  args: readonly string[],
  { cwd, env, preload }: CliOptions = {},
): RunningCli {
  const before = preload === undefined ? [] : ['--import', preload];
  const child = spawn(process.execPath, [...before, program, ...args], {
    ...(cwd !== undefined && { cwd }),
    // A proxy that the machine may have is not for loopback.
    env: { ...process.env, no_proxy: '127.0.0.1', ...env },
  });
  t.teardown(() => child.kill('SIGKILL'));
  // A program may end before it has read all that it is given.
  child.stdin.on('error', () => {});
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
      child.emit('output');
    });
  }
  const ended = new Promise<CliResult>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ ...output, code }));
  });
  const sees = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (output.stdout.includes(text) || output.stderr.includes(text)) resolve();
      };
      child.on('output', look);
      look();
      ended.then(({ stderr }) => reject(new Error(`ended without "${text}": ${stderr}`)), reject);
    });
  return { process: child, sees, ended };
}

/** Runs a line of bash that calls `millrace`; the line fails with any part of a pipe in it. */
export function shell(command: string, cwd: string): Promise<CliResult> {
  const script = `set -o pipefail; program=("$@"); millrace() { "\${program[@]}" "$@"; }; ${command}`;
  return new Promise((resolve) => {
    const args = ['-c', script, 'bash', process.execPath, program];
    const child = execFile('bash', args, { cwd }, (_, stdout, stderr) =>
      resolve({ stdout, stderr, code: child.exitCode }),
    );
  });
}

/** JSON lines as values. */
export function rowsOf<T = Record<string, unknown>>(text: string): T[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}
