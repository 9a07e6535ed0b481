/** Seeds for everything random in a model, all from the one seed of a run. */

/**
 * A seed of its own for every use, so that two layers of one model never draw the same numbers.
 *
 * FNV-1a over the run's seed and the name of the use. Never 0: TensorFlow.js takes a seed of 0 for no seed at all, and
 * draws from `Math.random`.
 *
 * @param seed the seed of the run
 * @param use what it is for, as in `encoder/kernel`
 * @returns an integer in 1 .. 2^31 - 1
 */
export function deriveSeed(seed: number, use: string): number {
  let hash = 0x811c9dc5;
  for (const character of `${seed}/${use}`) {
    hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193);
  }
  return hash >>> 1 || 1;
}
