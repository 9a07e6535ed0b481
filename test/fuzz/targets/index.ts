/** All that reads files, by name. */
import type { FuzzTarget } from '../target.ts';
import { archives } from './archives.ts';
import { formats } from './formats.ts';
import { saved } from './saved.ts';
import { texts } from './texts.ts';

/** Only those who fuzz the files of runs load TensorFlow.js. */
const runs: Readonly<Record<string, FuzzTarget>> = Object.fromEntries(
  (['config', 'weights', 'checkpoint'] as const).map((name) => [
    name,
    { start: async (folder: string) => (await import('./runs.ts'))[name](folder) },
  ]),
);

export const targets: Readonly<Record<string, FuzzTarget>> = { ...formats, ...texts, ...archives, ...saved, ...runs };
