import { equalBytes, firstBytes } from './bytes';

/**
 * The table of tokens of this instance: a hash table with open addressing and linear probing (Knuth, The Art of Computer
 * Programming 3, 6.4, algorithm L), which grows so that at most half of its slots are taken.
 *
 * Slots are small and entries apart from them, in the order of the tokens' numbers: where frequent tokens came first,
 * what is looked at most is close together.
 */

const FIRST_ROOM: u32 = 1024;

/** The number of a slot's token plus one; 0 is an empty slot. There are a power of 2 of them. */
let slots: usize = 0;
let slotCount: u32 = 0;

/** For each token 4 bytes of hash and 4 that say where it begins in `bytes`; after the last one, where the next will. */
let entries: usize = 0;
let entriesRoom: u32 = 0;

/** All tokens, one after the other. */
let bytes: usize = 0;
let bytesRoom: u32 = 0;

let size: u32 = 0;

/** Of tokens that are not there: no number, and for those with bytes beyond ASCII, that they may be there spelt right. */
const ABSENT: i32 = -1;
const ABSENT_BEYOND_ASCII: i32 = -2;

export function tokenCount(): u32 {
  return size;
}

/** Where the token of that number begins, as an address. */
export function tokenStart(number: u32): usize {
  return bytes + startOf(number);
}

export function tokenEnd(number: u32): usize {
  return bytes + startOf(number + 1);
}

function hashAt(number: u32): u32 {
  return load<u32>(entries + (number << 3));
}

function startOf(number: u32): u32 {
  return load<u32>(entries + (number << 3) + 4);
}

/** The number of the token from `start` to `end`, or the word for none. */
export function findToken(start: usize, end: usize): i32 {
  if (slots === 0) reserveSlots();
  return numberAt(slotOf(start, end - start, hashOf(start, end - start)));
}

/**
 * @param numbers receives the number of each token, or one of the two words for none
 * @returns whether a token beyond ASCII was not found
 */
export function findTokens(base: usize, starts: usize, ends: usize, count: u32, numbers: usize): bool {
  let beyond = false;
  if (slots === 0) reserveSlots();
  for (let token: u32 = 0; token < count; token++) {
    const start = base + load<i32>(starts + (token << 2));
    const length = base + load<i32>(ends + (token << 2)) - start;
    const number = numberAt(slotOf(start, length, hashOf(start, length)));
    const absent = number < 0 && !isAscii(start, length);
    if (absent) beyond = true;
    store<i32>(numbers + (token << 2), absent ? ABSENT_BEYOND_ASCII : number);
  }
  return beyond;
}

/**
 * Puts in those that are new, in turn, up to the first one beyond ASCII that is new.
 *
 * @param numbers receives the number of each
 * @returns how many are in now: all, or those before the one beyond ASCII
 */
export function addTokens(base: usize, starts: usize, ends: usize, count: u32, numbers: usize): u32 {
  for (let token: u32 = 0; token < count; token++) {
    const start = base + load<i32>(starts + (token << 2));
    const length = base + load<i32>(ends + (token << 2)) - start;
    if (slots === 0) reserveSlots();
    const hash = hashOf(start, length);
    const slot = slotOf(start, length, hash);
    let number = numberAt(slot);
    if (number < 0) {
      if (!isAscii(start, length)) return token;
      number = insert(start, length, hash, slot);
    }
    store<i32>(numbers + (token << 2), number);
  }
  return count;
}

/** The number of the token from `start` to `end`, whatever its bytes, put in if it is new. */
export function addToken(start: usize, end: usize): i32 {
  if (slots === 0) reserveSlots();
  const length = end - start;
  const hash = hashOf(start, length);
  const slot = slotOf(start, length, hash);
  const number = numberAt(slot);
  return number < 0 ? insert(start, length, hash, slot) : number;
}

function insert(start: usize, length: usize, hash: u32, slot: usize): i32 {
  const from: u32 = size === 0 ? 0 : startOf(size);
  const to: u32 = from + <u32>length;
  if (to > bytesRoom) {
    bytesRoom = max<u32>(to, max<u32>(FIRST_ROOM, 2 * bytesRoom));
    bytes = larger(bytes, bytesRoom + 16);
  }
  if (size + 2 > entriesRoom) {
    entriesRoom = max<u32>(FIRST_ROOM, 2 * entriesRoom);
    entries = larger(entries, entriesRoom << 3);
  }
  memory.copy(bytes + from, start, length);
  store<u32>(entries + (size << 3), hash);
  store<u32>(entries + (size << 3) + 4, from);
  store<u32>(entries + ((size + 1) << 3) + 4, to);
  store<u32>(slot, ++size);
  if (size > slotCount >> 1) reserveSlots();
  return size - 1;
}

/** The same memory with more room; new memory if there is none yet. */
function larger(address: usize, room: usize): usize {
  return address === 0 ? heap.alloc(room) : heap.realloc(address, room);
}

/** Twice the slots, or the first ones. */
function reserveSlots(): void {
  if (slots !== 0) heap.free(slots);
  slotCount = max<u32>(FIRST_ROOM, 2 * slotCount);
  slots = heap.alloc(slotCount << 2);
  memory.fill(slots, 0, slotCount << 2);
  for (let number: u32 = 0; number < size; number++) {
    let slot = hashAt(number) & (slotCount - 1);
    while (load<u32>(slots + (slot << 2)) !== 0) slot = (slot + 1) & (slotCount - 1);
    store<u32>(slots + (slot << 2), number + 1);
  }
}

/** The slot of the token, or the one that would be its own. */
function slotOf(start: usize, length: usize, hash: u32): usize {
  let slot = hash & (slotCount - 1);
  while (true) {
    const place = slots + (slot << 2);
    const occupant = load<u32>(place);
    if (occupant === 0 || (hashAt(occupant - 1) === hash && holds(occupant - 1, start, length))) return place;
    slot = (slot + 1) & (slotCount - 1);
  }
}

function numberAt(slot: usize): i32 {
  const occupant = load<u32>(slot);
  return occupant === 0 ? ABSENT : <i32>(occupant - 1);
}

function holds(number: u32, start: usize, length: usize): bool {
  const from = startOf(number);
  return <usize>(startOf(number + 1) - from) === length && equalBytes(bytes + from, start, length);
}

function isAscii(start: usize, length: usize): bool {
  for (let at: usize = 0; at < length; at += 16) {
    if (i8x16.bitmask(v128.and(v128.load(start + at), firstBytes(length - at))) !== 0) return false;
  }
  return true;
}

/** Multiplies and folds 8 bytes at a time, by odd constants with bits all over (those of Steele and Vigna's splitmix64). */
function hashOf(start: usize, length: usize): u32 {
  let hash: u64 = length;
  let at: usize = 0;
  do {
    const sixteen = v128.and(v128.load(start + at), firstBytes(length - at));
    hash = fold(hash ^ v128.extract_lane<u64>(sixteen, 0), 0xbf58476d1ce4e5b9);
    hash = fold(hash ^ v128.extract_lane<u64>(sixteen, 1), 0x94d049bb133111eb);
    at += 16;
  } while (at < length);
  return <u32>hash;
}

function fold(hash: u64, factor: u64): u64 {
  const product = hash * factor;
  return product ^ (product >> 32);
}
