import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Runs a module of this folder in a process of its own, and gives what it sends. It fails if the module does, or doesn't
 * end by itself.
 */
export function inProcess<T>(module: string, args: readonly string[], env = process.env): Promise<T> {
  return new Promise((resolve, reject) => {
    const path = fileURLToPath(new URL(module, import.meta.url));
    const child = fork(path, [...args], { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'], timeout: 240_000 });
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
