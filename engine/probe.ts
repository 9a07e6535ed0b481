/**
 * Which engines can run here, found by running them.
 *
 * Each is started in a process of its own: a native library that crashes takes only that process along, and the
 * backend of the caller stays as it is.
 */

import { fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type EngineName, type EngineReport, engineNames, type Trial } from './engine.ts';

/** Tries every engine, in the order in which `startEngine('auto')` prefers them. */
export function probeEngines(): Promise<EngineReport[]> {
  return Promise.all(engineNames.map(probe));
}

/** The sibling module, as `.ts` in the repository and as `.js` when built. */
const script = fileURLToPath(new URL(`./probe-one${extname(import.meta.url)}`, import.meta.url));

function probe(name: EngineName): Promise<EngineReport> {
  return new Promise((resolve) => {
    const child = fork(script, [name], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    let trial: Trial | undefined;
    let said = '';
    child.stderr!.on('data', (text) => {
      said += text;
    });
    child.on('message', (message) => {
      trial = message as Trial;
    });
    child.on('error', (error) => {
      said = error.message;
    });
    child.on('close', (code, signal) => {
      if (trial !== undefined) return resolve({ name, ...trial });
      // Of a stack trace, what it is about.
      const about = said.trim().split('\n')[0];
      resolve({ name, available: false, reason: `ended its process with ${signal ?? code}: ${about}` });
    });
  });
}
