/**
 * Seeded randomness with a state that fits in JSON.
 *
 * The generator is xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2018), its
 * state filled from the seed by splitmix32, so that near seeds give unrelated streams.
 */
export class Random {
  readonly #state: Uint32Array;

  /** @param seed an integer, or the state of another generator to go on from */
  constructor(seed: number | readonly number[]) {
    this.#state = typeof seed === 'number' ? expand(seed) : Uint32Array.from(seed);
  }

  /** Four 32-bit integers from which `new Random(state)` goes on. */
  get state(): number[] {
    return Array.from(this.#state);
  }

  /** An integer in [0, 2^32). */
  next(): number {
    const s = this.#state as unknown as [number, number, number, number];
    const result = Math.imul(rotate(Math.imul(s[1], 5), 7), 9) >>> 0;
    const shifted = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate(s[3], 11);
    return result;
  }

  /** A number in [0, 1) with 32 random bits. */
  uniform(): number {
    return this.next() / 0x100000000;
  }

  /** An integer in [0, bound), every one as likely as the others. `bound` is at most 2^32. */
  below(bound: number): number {
    const fair = 0x100000000 - (0x100000000 % bound);
    let draw = this.next();
    while (draw >= fair) draw = this.next();
    return draw % bound;
  }
}

function rotate(x: number, by: number): number {
  return (x << by) | (x >>> (32 - by));
}

function expand(seed: number): Uint32Array {
  const state = new Uint32Array(4);
  let z = seed | 0;
  for (let i = 0; i < 4; i++) {
    z = (z + 0x9e3779b9) | 0;
    let mixed = z ^ (z >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    state[i] = mixed ^ (mixed >>> 15);
  }
  return state;
}
