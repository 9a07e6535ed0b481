/** The process that `probe.ts` starts for each engine: it starts that engine, and answers over the channel. */

import { MillraceError } from '../pipeline/errors.ts';
import type { EngineName, Trial } from './engine.ts';

try {
  const tf = await import('@tensorflow/tfjs-core');
  const { startEngine } = await import('./select.ts');
  const { version, simd } = await startEngine(process.argv[2] as EngineName);
  const six = tf.tidy(() => tf.sum([1, 2, 3]).dataSync()[0]);
  if (six !== 6) throw new Error(`it says that 1 + 2 + 3 is ${six}`);
  answer({ available: true, version, ...(simd !== undefined && { simd }) });
} catch (error) {
  const { message } = error as Error;
  const hint = error instanceof MillraceError ? error.hint : undefined;
  // A MillraceError's message ends with its hint.
  answer({ available: false, reason: message.replace(`. ${hint}`, ''), ...(hint !== undefined && { hint }) });
}

function answer(trial: Trial): void {
  process.send?.(trial, () => process.disconnect());
}
