import { fork } from 'node:child_process';
import { dirname, resolve as resolvePath } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Runs a module of this folder in a process of its own, and gives what it sends. It fails if the module does, prints
 * anything, or doesn't end by itself.
 *
 * @param node arguments of Node itself
 */
export function inProcess<T>(
  module: string,
  args: readonly string[],
  { env = process.env, node = process.execArgv }: { env?: NodeJS.ProcessEnv; node?: readonly string[] } = {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    const path = resolvePath(dirname(fileURLToPath(import.meta.url)), module);
    const child = fork(path, [...args], {
      env,
      execArgv: [...node],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      timeout: 240_000,
    });
    let answer: T | undefined;
    let said = '';
    child.on('message', (message) => {
      answer = message as T;
    });
    child.stderr!.on('data', (text) => {
      said += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (answer !== undefined && code === 0 && said === '') resolve(answer);
      else reject(new Error(`${module} ended with ${signal ?? code}: ${said}`));
    });
  });
}
