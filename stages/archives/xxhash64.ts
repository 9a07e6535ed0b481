/**
 * XXH64 (Yann Collet, "xxHash fast digest algorithm", version 0.1.1), whose lower half zstd puts behind its data. In
 * halves of 32 bits, since 64-bit arithmetic on BigInt would be slower than all the rest of the unpacking.
 */
const P1 = [0x9e3779b1, 0x85ebca87] as const;
const P2 = [0xc2b2ae3d, 0x27d4eb4f] as const;
const P3 = [0x165667b1, 0x9e3779f9] as const;
const P4 = [0x85ebca77, 0xc2b2ae63] as const;
const P5 = [0x27d4eb2f, 0x165667c5] as const;

/** A number of 64 bits as its upper and lower half. */
type Halves = readonly [high: number, low: number];

const STRIPE = 32;

/** The hash with seed 0 of bytes that come a run at a time. */
export class XxHash64 {
  /** The four accumulators, upper and lower halves. */
  readonly #lanes = new Int32Array(8);
  /** What has come and does not make a stripe yet. */
  readonly #rest = new Uint8Array(STRIPE);
  #length = 0;

  constructor() {
    const start: readonly Halves[] = [add(P1, P2), P2, [0, 0], negative(P1)];
    for (const [lane, halves] of start.entries()) this.#lanes.set(halves, 2 * lane);
  }

  update(bytes: Uint8Array): void {
    let at = 0;
    const held = this.#length % STRIPE;
    this.#length += bytes.length;
    if (held > 0) {
      at = Math.min(bytes.length, STRIPE - held);
      this.#rest.set(bytes.subarray(0, at), held);
      if (held + at < STRIPE) return;
      stripes(this.#lanes, this.#rest);
    }
    const end = bytes.length - ((bytes.length - at) % STRIPE);
    stripes(this.#lanes, bytes.subarray(at, end));
    this.#rest.set(bytes.subarray(end));
  }

  /** The lower 32 bits of the hash of all bytes so far. */
  get low32(): number {
    let hash: Halves = P5;
    if (this.#length >= STRIPE) {
      const lane = (i: number): Halves => [this.#lanes[2 * i]!, this.#lanes[2 * i + 1]!];
      hash = [1, 7, 12, 18].map((bits, i) => rotate(lane(i), bits)).reduce(add);
      for (let i = 0; i < 4; i++) {
        hash = add(multiply(xor(hash, multiply(rotate(multiply(lane(i), P2), 31), P1)), P1), P4);
      }
    }
    hash = add(hash, [Math.floor(this.#length / 2 ** 32), this.#length | 0]);
    const rest = this.#rest.subarray(0, this.#length % STRIPE);
    let at = 0;
    for (; at + 8 <= rest.length; at += 8) {
      const word: Halves = [read32(rest, at + 4), read32(rest, at)];
      hash = add(multiply(rotate(xor(hash, multiply(rotate(multiply(word, P2), 31), P1)), 27), P1), P4);
    }
    for (; at + 4 <= rest.length; at += 4) {
      hash = add(multiply(rotate(xor(hash, multiply([0, read32(rest, at)], P1)), 23), P2), P3);
    }
    for (; at < rest.length; at++) {
      hash = multiply(rotate(xor(hash, multiply([0, rest[at]!], P5)), 11), P1);
    }
    hash = multiply(xor(hash, shift(hash, 33)), P2);
    hash = multiply(xor(hash, shift(hash, 29)), P3);
    return xor(hash, shift(hash, 32))[1] >>> 0;
  }
}

/** Takes in whole stripes; written out in halves, without a pair made, as it is run for every eight bytes. */
function stripes(lanes: Int32Array, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += 8) {
    const lane = (at >> 2) & 6;
    const word = low64(read32(bytes, at + 4), read32(bytes, at), P2[0], P2[1]);
    const low = (lanes[lane + 1]! >>> 0) + (word >>> 0);
    const high = (lanes[lane]! + upper + (low > 0xffffffff ? 1 : 0)) | 0;
    // Rotated by 31 bits to the left, which is by one to the right with the halves exchanged.
    const down = low | 0;
    const rotatedHigh = (down >>> 1) | (high << 31);
    const rotatedLow = (high >>> 1) | (down << 31);
    lanes[lane + 1] = low64(rotatedHigh, rotatedLow, P1[0], P1[1]);
    lanes[lane] = upper;
  }
}

/** The upper half of the last product of {@link low64}. */
let upper = 0;

/** The product modulo 2^64: its lower half is given back, its upper half is in {@link upper}. */
function low64(aHigh: number, aLow: number, bHigh: number, bLow: number): number {
  const a0 = aLow & 0xffff;
  const a1 = aLow >>> 16;
  const b0 = bLow & 0xffff;
  const b1 = bLow >>> 16;
  const low = a0 * b0;
  const middle = a1 * b0 + (low >>> 16);
  const other = a0 * b1 + (middle & 0xffff);
  const carried = a1 * b1 + Math.floor(middle / 0x10000) + Math.floor(other / 0x10000);
  upper = (Math.imul(aHigh, bLow) + Math.imul(aLow, bHigh) + carried) | 0;
  return Math.imul(aLow, bLow);
}

function multiply([aHigh, aLow]: Halves, [bHigh, bLow]: Halves): Halves {
  const low = low64(aHigh, aLow, bHigh, bLow);
  return [upper, low];
}

function add([aHigh, aLow]: Halves, [bHigh, bLow]: Halves): Halves {
  const low = (aLow >>> 0) + (bLow >>> 0);
  return [(aHigh + bHigh + (low > 0xffffffff ? 1 : 0)) | 0, low | 0];
}

function negative([high, low]: Halves): Halves {
  return add([~high, ~low], [0, 1]);
}

function xor([aHigh, aLow]: Halves, [bHigh, bLow]: Halves): Halves {
  return [aHigh ^ bHigh, aLow ^ bLow];
}

/** To the left, by 1 to 31 bits. */
function rotate([high, low]: Halves, bits: number): Halves {
  return [(high << bits) | (low >>> (32 - bits)), (low << bits) | (high >>> (32 - bits))];
}

/** To the right, by 1 to 63 bits. */
function shift([high, low]: Halves, bits: number): Halves {
  if (bits >= 32) return [0, bits === 32 ? high : high >>> (bits - 32)];
  return [high >>> bits, (low >>> bits) | (high << (32 - bits))];
}

function read32(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
