/** The process that `probe.ts` starts for each engine: it starts that engine, and answers over the channel. */

import { MillraceError } from '../pipeline/errors.ts';
import type { EngineName, Trial } from './engine.ts';
import { reasonOf } from './unavailable.ts';

const name = process.argv[2] as EngineName;
try {
  const tf = await import('@tensorflow/tfjs-core');
  const { startEngine } = await import('./select.ts');
  const { version, simd, kernels, adapter } = await startEngine(name);
  const [six] = await tf.tidy(() => tf.sum([1, 2, 3])).data();
  if (six !== 6) throw new Error(`says that 1 + 2 + 3 is ${six}`);
  answer({
    available: true,
    version,
    ...(simd !== undefined && { simd }),
    ...(kernels && { kernels }),
    ...(adapter && { adapter }),
  });
} catch (error) {
  const hint = error instanceof MillraceError ? error.hint : undefined;
  answer({ available: false, reason: reasonOf(name, error), ...(hint !== undefined && { hint }) });
}

function answer(trial: Trial): void {
  process.send?.(trial, () => process.disconnect());
}
