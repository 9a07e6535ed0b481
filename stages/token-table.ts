import { decodeUtf8 } from '../pipeline/columns.ts';

/** Slots of an empty table; always a power of two, so that a mask finds the slot. */
const FIRST_SLOTS = 1024;
/** Slots to a token at least: fewer make the runs of occupied slots long. */
const SLOTS_A_TOKEN = 2;

/**
 * Distinct tokens, numbered from 0 in the order in which they came, found by their UTF-8 bytes: what a map of strings
 * does, without making a string of each token that is looked up, which costs several times as much.
 *
 * Two runs of bytes are the same token if they decode to the same string: what is no UTF-8 is U+FFFD.
 *
 * A hash table with open addressing and linear probing (Knuth, The Art of Computer Programming 3, 6.4, algorithm L).
 */
export class TokenTable {
  /** For each slot the hash of its token, and the token's number plus one; 0 is an empty slot. */
  #slots = new Int32Array(2 * FIRST_SLOTS);
  /** All tokens, one after the other. */
  #bytes: Uint8Array = new Uint8Array(FIRST_SLOTS);
  /** Where each token begins in them; after the last token, where the next one will. */
  #offsets = new Int32Array(FIRST_SLOTS);
  #size = 0;

  /** How many tokens there are. */
  get size(): number {
    return this.#size;
  }

  /** The number of the token in `bytes` from `start` to `end`, or -1. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const found = this.#probe(bytes, start, end, hashOf(bytes, start, end));
    if (found > 0) return found - 1;
    const canonical = canonicalBytes(bytes, start, end);
    return canonical === undefined ? -1 : this.find(canonical, 0, canonical.length);
  }

  /** The number of the token in `bytes` from `start` to `end`, which is put in if it is new. */
  add(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashOf(bytes, start, end);
    const found = this.#probe(bytes, start, end, hash);
    if (found > 0) return found - 1;
    const canonical = canonicalBytes(bytes, start, end);
    if (canonical !== undefined) return this.add(canonical, 0, canonical.length);

    const number = this.#size++;
    const from = this.#offsets[number] as number;
    this.#reserve(from + end - start);
    for (let i = start; i < end; i++) this.#bytes[from + i - start] = bytes[i] as number;
    this.#offsets[number + 1] = from + end - start;
    this.#slots[-found] = hash;
    this.#slots[1 - found] = number + 1;
    if (this.#size * SLOTS_A_TOKEN * 2 > this.#slots.length) this.#grow();
    return number;
  }

  /** The token of that number, which is not checked. */
  token(number: number): string {
    return decodeUtf8(this.#bytes, this.#offsets[number] as number, this.#offsets[number + 1] as number);
  }

  /** The number of the token plus one; or if there is none, minus the place of the slot that would be its own. */
  #probe(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 2;
    for (let slot = (hash << 1) & mask; ; slot = (slot + 2) & mask) {
      const occupant = slots[slot + 1] as number;
      if (occupant === 0) return -slot;
      if (slots[slot] === hash && this.#holds(occupant - 1, bytes, start, end)) return occupant;
    }
  }

  #holds(number: number, bytes: Uint8Array, start: number, end: number): boolean {
    const offsets = this.#offsets;
    const from = offsets[number] as number;
    if ((offsets[number + 1] as number) - from !== end - start) return false;
    const own = this.#bytes;
    for (let i = start, j = from; i < end; i++, j++) if (own[j] !== bytes[i]) return false;
    return true;
  }

  /** Makes room for bytes up to `end` and for one more offset. */
  #reserve(end: number): void {
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    if (this.#size >= this.#offsets.length) {
      const larger = new Int32Array(2 * this.#offsets.length);
      larger.set(this.#offsets);
      this.#offsets = larger;
    }
  }

  #grow(): void {
    const before = this.#slots;
    const slots = new Int32Array(2 * before.length);
    const mask = slots.length - 2;
    for (let old = 0; old < before.length; old += 2) {
      if (before[old + 1] === 0) continue;
      let slot = ((before[old] as number) << 1) & mask;
      while (slots[slot + 1] !== 0) slot = (slot + 2) & mask;
      slots[slot] = before[old] as number;
      slots[slot + 1] = before[old + 1] as number;
    }
    this.#slots = slots;
  }
}

/** FNV-1a (Fowler, Noll and Vo), its high bits folded into the low ones, since those choose the slot. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  return hash ^ (hash >>> 15);
}

/** What the bytes are once decoded and encoded again, where that is something else: bytes that are no UTF-8. */
function canonicalBytes(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
  let ascii = true;
  for (let i = start; i < end && ascii; i++) ascii = (bytes[i] as number) < 0x80;
  if (ascii) return undefined;
  const own = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
  const canonical = Buffer.from(decodeUtf8(bytes, start, end));
  return canonical.equals(own) ? undefined : canonical;
}
