import { equalBytes, firstBytes } from './bytes';

/**
 * The table of tokens of this instance: a hash table with open addressing and linear probing (Knuth, The Art of Computer
 * Programming 3, 6.4, algorithm L), which grows so that at most half of its slots are taken.
 *
 * A look-up in a large table is as slow as the memory that it touches. So slots are no more than numbers, and a token has
 * a cell of 16 bytes that holds it whole, if it is short, in the order of the numbers: where frequent tokens came first,
 * what is looked at most is close together.
 */

const FIRST_ROOM: u32 = 1024;

/** The number of a slot's token plus one; 0 is an empty slot. There are a power of 2 of them. */
let slots: usize = 0;
let slotCount: u32 = 0;

/**
 * For each token 16 bytes. Of up to 15 bytes: these, zeros, and in the last byte how many. Of more: a hash of 8 bytes,
 * where it is in `longTokens`, and how many bytes it has, with the highest bit set.
 */
let cells: usize = 0;
let cellsRoom: u32 = 0;
const SHORT: usize = 15;
const LONG: u32 = 0x80000000;

/** The tokens of more than 15 bytes, one after the other. */
let longTokens: usize = 0;
let longRoom: u32 = 0;
let longEnd: u32 = 0;

let size: u32 = 0;

/** Of tokens that are not there: no number, and for those with bytes beyond ASCII, that they may be there spelt right. */
const ABSENT: i32 = -1;
const ABSENT_BEYOND_ASCII: i32 = -2;

export function tokenCount(): u32 {
  return size;
}

/** Where the token of that number begins, as an address. */
export function tokenStart(number: u32): usize {
  const cell = cells + (number << 4);
  return load<u32>(cell + 12) & LONG ? longTokens + load<u32>(cell + 8) : cell;
}

export function tokenEnd(number: u32): usize {
  const last = load<u32>(cells + (number << 4) + 12);
  return tokenStart(number) + (last & LONG ? last ^ LONG : last >> 24);
}

/** The number of the token from `start` to `end`, or the word for none. */
export function findToken(start: usize, end: usize): i32 {
  if (slots === 0) reserveSlots();
  return numberAt(slotOf(start, end - start));
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
    const number = numberAt(slotOf(start, length));
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
  if (slots === 0) reserveSlots();
  for (let token: u32 = 0; token < count; token++) {
    const start = base + load<i32>(starts + (token << 2));
    const length = base + load<i32>(ends + (token << 2)) - start;
    const slot = slotOf(start, length);
    let number = numberAt(slot);
    if (number < 0) {
      if (!isAscii(start, length)) return token;
      number = insert(start, length, slot);
    }
    store<i32>(numbers + (token << 2), number);
  }
  return count;
}

/** The number of the token from `start` to `end`, whatever its bytes, put in if it is new. */
export function addToken(start: usize, end: usize): i32 {
  if (slots === 0) reserveSlots();
  const slot = slotOf(start, end - start);
  const number = numberAt(slot);
  return number < 0 ? insert(start, end - start, slot) : number;
}

function insert(start: usize, length: usize, slot: usize): i32 {
  if (size === cellsRoom) {
    cellsRoom = max<u32>(FIRST_ROOM, 2 * cellsRoom);
    cells = larger(cells, cellsRoom << 4);
  }
  const cell = cells + (size << 4);
  if (length <= SHORT) v128.store(cell, shortCell(start, length));
  else {
    const from = longEnd;
    longEnd += <u32>length;
    if (longEnd > longRoom) {
      longRoom = max<u32>(FIRST_ROOM, 2 * longEnd);
      longTokens = larger(longTokens, longRoom + 16);
    }
    memory.copy(longTokens + from, start, length);
    store<u64>(cell, longHash(start, length));
    store<u32>(cell + 8, from);
    store<u32>(cell + 12, <u32>length | LONG);
  }
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
    const cell = cells + (number << 4);
    let slot = load<u32>(cell + 12) & LONG ? <u32>load<u64>(cell) : shortHash(v128.load(cell));
    while (load<u32>(slots + ((slot & (slotCount - 1)) << 2)) !== 0) slot++;
    store<u32>(slots + ((slot & (slotCount - 1)) << 2), number + 1);
  }
}

/** The slot of the token, or the one that would be its own. */
function slotOf(start: usize, length: usize): usize {
  if (length > SHORT) return slotOfLong(start, length);
  const cell = shortCell(start, length);
  let slot = shortHash(cell);
  while (true) {
    const place = slots + ((slot & (slotCount - 1)) << 2);
    const occupant = load<u32>(place);
    if (occupant === 0 || i8x16.all_true(i8x16.eq(cell, v128.load(cells + ((occupant - 1) << 4))))) return place;
    slot++;
  }
}

function slotOfLong(start: usize, length: usize): usize {
  const hash = longHash(start, length);
  let slot = <u32>hash;
  while (true) {
    const place = slots + ((slot & (slotCount - 1)) << 2);
    const occupant = load<u32>(place);
    if (occupant === 0 || holdsLong(occupant - 1, start, length, hash)) return place;
    slot++;
  }
}

function holdsLong(number: u32, start: usize, length: usize, hash: u64): bool {
  const cell = cells + (number << 4);
  if (load<u64>(cell) !== hash || load<u32>(cell + 12) !== (<u32>length | LONG)) return false;
  return equalBytes(longTokens + load<u32>(cell + 8), start, length);
}

function numberAt(slot: usize): i32 {
  const occupant = load<u32>(slot);
  return occupant === 0 ? ABSENT : <i32>(occupant - 1);
}

function isAscii(start: usize, length: usize): bool {
  for (let at: usize = 0; at < length; at += 16) {
    if (i8x16.bitmask(v128.and(v128.load(start + at), firstBytes(length - at))) !== 0) return false;
  }
  return true;
}

function shortCell(start: usize, length: usize): v128 {
  return i8x16.replace_lane(v128.and(v128.load(start), firstBytes(length)), 15, <i8>length);
}

// Multiplies and folds 8 bytes at a time, by odd constants with bits all over (those of Steele and Vigna's splitmix64).
const FIRST_FACTOR: u64 = 0xbf58476d1ce4e5b9;
const SECOND_FACTOR: u64 = 0x94d049bb133111eb;

function shortHash(cell: v128): u32 {
  return <u32>(
    fold(fold(v128.extract_lane<u64>(cell, 0), FIRST_FACTOR) ^ v128.extract_lane<u64>(cell, 1), SECOND_FACTOR)
  );
}

function longHash(start: usize, length: usize): u64 {
  let hash: u64 = length;
  for (let at: usize = 0; at < length; at += 16) {
    const sixteen = v128.and(v128.load(start + at), firstBytes(length - at));
    hash = fold(hash ^ v128.extract_lane<u64>(sixteen, 0), FIRST_FACTOR);
    hash = fold(hash ^ v128.extract_lane<u64>(sixteen, 1), SECOND_FACTOR);
  }
  return hash;
}

function fold(hash: u64, factor: u64): u64 {
  const product = hash * factor;
  return product ^ (product >> 32);
}
