import { equalBytes, firstBytes, lowercaseLetters } from './bytes';

/**
 * Tables of tokens: hash tables with open addressing and linear probing (Knuth, The Art of Computer Programming 3, 6.4,
 * algorithm L), which grow so that at most half of their slots are taken.
 *
 * A look-up in a large table is as slow as the memory that it touches. So slots are no more than numbers, and a token has
 * a cell of 16 bytes that holds it whole, if it is short, in the order of the numbers: where frequent tokens came first,
 * what is looked at most is close together.
 */

const FIRST_ROOM: u32 = 1024;
const SHORT: usize = 15;
const LONG: u32 = 0x80000000;

@unmanaged
export class Table {
  /** The number of a slot's token plus one; 0 is an empty slot. There are a power of 2 of them. */
  slots: usize;
  slotCount: u32;

  /**
   * For each token 16 bytes. Of up to 15 bytes: these, zeros, and in the last byte how many. Of more: a hash of 8 bytes,
   * where it is in `longTokens`, and how many bytes it has, with the highest bit set.
   */
  cells: usize;
  cellsRoom: u32;

  /** The tokens of more than 15 bytes, one after the other. */
  longTokens: usize;
  longRoom: u32;
  longEnd: u32;

  size: u32;
}

export function newTable(): Table {
  const size = offsetof<Table>();
  const address = heap.alloc(size);
  memory.fill(address, 0, size);
  const table = changetype<Table>(address);
  reserveSlots(table);
  return table;
}

export function releaseTable(table: Table): void {
  heap.free(table.slots);
  if (table.cells !== 0) heap.free(table.cells);
  if (table.longTokens !== 0) heap.free(table.longTokens);
  heap.free(changetype<usize>(table));
}

/** Of tokens that are not there: no number, and for those with bytes beyond ASCII, that they may be there spelt right. */
const ABSENT: i32 = -1;
const ABSENT_BEYOND_ASCII: i32 = -2;

export function tokenCount(table: Table): u32 {
  return table.size;
}

/** Where the token of that number begins, as an address. */
export function tokenStart(table: Table, number: u32): usize {
  const cell = table.cells + (number << 4);
  return load<u32>(cell + 12) & LONG ? table.longTokens + load<u32>(cell + 8) : cell;
}

export function tokenEnd(table: Table, number: u32): usize {
  const last = load<u32>(table.cells + (number << 4) + 12);
  return tokenStart(table, number) + (last & LONG ? last ^ LONG : last >> 24);
}

/** The number of the token from `start` to `end`, or the word for none. */
export function findToken(table: Table, start: usize, end: usize): i32 {
  return numberAt(slotOf(table, start, end - start));
}

/**
 * @param lowered whether each is looked up in lower case; then one beyond ASCII is not looked up at all
 * @param numbers receives the number of each token, or one of the two words for none
 * @returns whether one beyond ASCII was not found
 */
export function findTokens(
  table: Table,
  base: usize,
  starts: usize,
  ends: usize,
  count: u32,
  lowered: bool,
  numbers: usize,
): bool {
  let beyond = false;
  fetch(table, count);
  // Some at a time: where all of them may be is known before the first is looked at, so that their memory comes together.
  for (let first: u32 = 0; first < count; first += GROUP) {
    const group = min(count - first, GROUP);
    const at = first << 2;
    seek(table, base, starts + at, ends + at, group, lowered);
    for (let token: u32 = 0; token < group; token++) {
      const occupant = load<u32>(occupants + (token << 2));
      let number: i32;
      if (occupant !== OF_LONG) {
        const cell = v128.load(cells + (token << 4));
        const isIt = occupant !== 0 && i8x16.all_true(i8x16.eq(cell, v128.load(table.cells + ((occupant - 1) << 4))));
        number = isIt ? <i32>(occupant - 1) : occupant === 0 ? ABSENT : numberAt(slotOfCell(table, cell));
        if ((lowered || number < 0) && i8x16.bitmask(cell) !== 0) number = ABSENT_BEYOND_ASCII;
      } else {
        const start = base + load<i32>(starts + at + (token << 2));
        const length = base + load<i32>(ends + at + (token << 2)) - start;
        number = findLong(table, start, length, lowered);
      }
      if (number === ABSENT_BEYOND_ASCII) beyond = true;
      store<i32>(numbers + at + (token << 2), number);
    }
  }
  return beyond;
}

const LINE: usize = 64;

/**
 * Reads the table from end to end if so many tokens are to be sought in it that most of it will be read anyway. Since the
 * last time other things have taken its place in the processor's caches, and memory comes back many times as fast in
 * order as here and there.
 */
function fetch(table: Table, count: u32): void {
  const slotBytes = (<usize>table.slotCount) << 2;
  const cellBytes = (<usize>table.size) << 4;
  if (slotBytes + cellBytes > 2 * LINE * <usize>count) return;
  let read: u32 = 0;
  for (let at: usize = 0; at < slotBytes; at += LINE) read ^= load<u32>(table.slots + at);
  for (let at: usize = 0; at < cellBytes; at += LINE) read ^= load<u32>(table.cells + at);
  // So that the compiler takes none of it for idle.
  store<u32>(occupants, read);
}

/** How many tokens are sought at a time; and of each its cell, and what is in the first slot where it may be. */
const GROUP: u32 = 64;
const cells = memory.data(64 * 16, 16);
const occupants = memory.data(64 * 4, 4);
/** In place of that for a long token, which has no such cell. */
const OF_LONG: u32 = u32.MAX_VALUE;

function seek(table: Table, base: usize, starts: usize, ends: usize, count: u32, lowered: bool): void {
  const slots = table.slots;
  const last = table.slotCount - 1;
  for (let token: u32 = 0; token < count; token++) {
    const start = base + load<i32>(starts + (token << 2));
    const length = base + load<i32>(ends + (token << 2)) - start;
    if (length > SHORT) {
      store<u32>(occupants + (token << 2), OF_LONG);
      continue;
    }
    const own = v128.and(v128.load(start), firstBytes(length));
    const cell = i8x16.replace_lane(lowered ? lowercaseLetters(own) : own, 15, <i8>length);
    v128.store(cells + (token << 4), cell);
    store<u32>(occupants + (token << 2), load<u32>(slots + ((shortHash(cell) & last) << 2)));
  }
}

function findLong(table: Table, start: usize, length: usize, lowered: bool): i32 {
  const ascii = isAscii(start, length);
  if (lowered && !ascii) return ABSENT_BEYOND_ASCII;
  const number = numberAt(slotOfLong(table, lowered ? lowercaseCopy(start, length) : start, length));
  return number < 0 && !ascii ? ABSENT_BEYOND_ASCII : number;
}

/** Room for one long token in lower case. */
let lowercased: usize = 0;
let lowercasedRoom: usize = 0;

function lowercaseCopy(start: usize, length: usize): usize {
  if (length > lowercasedRoom) {
    if (lowercased !== 0) heap.free(lowercased);
    lowercasedRoom = 2 * length;
    lowercased = heap.alloc(lowercasedRoom + 16);
  }
  for (let at: usize = 0; at < length; at += 16) {
    v128.store(lowercased + at, lowercaseLetters(v128.load(start + at)));
  }
  return lowercased;
}

/**
 * Puts in those that are new, in turn, up to the first one beyond ASCII that is new.
 *
 * @param numbers receives the number of each
 * @returns how many are in now: all, or those before the one beyond ASCII
 */
export function addTokens(table: Table, base: usize, starts: usize, ends: usize, count: u32, numbers: usize): u32 {
  fetch(table, count);
  for (let token: u32 = 0; token < count; token++) {
    const start = base + load<i32>(starts + (token << 2));
    const length = base + load<i32>(ends + (token << 2)) - start;
    const slot = slotOf(table, start, length);
    let number = numberAt(slot);
    if (number < 0) {
      if (!isAscii(start, length)) return token;
      number = insert(table, start, length, slot);
    }
    store<i32>(numbers + (token << 2), number);
  }
  return count;
}

/** The number of the token from `start` to `end`, whatever its bytes, put in if it is new. */
export function addToken(table: Table, start: usize, end: usize): i32 {
  const slot = slotOf(table, start, end - start);
  const number = numberAt(slot);
  return number < 0 ? insert(table, start, end - start, slot) : number;
}

function insert(table: Table, start: usize, length: usize, slot: usize): i32 {
  if (table.size === table.cellsRoom) {
    table.cellsRoom = max<u32>(FIRST_ROOM, 2 * table.cellsRoom);
    table.cells = larger(table.cells, table.cellsRoom << 4);
  }
  const cell = table.cells + (table.size << 4);
  if (length <= SHORT) v128.store(cell, shortCell(start, length));
  else {
    const from = table.longEnd;
    table.longEnd += <u32>length;
    if (table.longEnd > table.longRoom) {
      table.longRoom = max<u32>(FIRST_ROOM, 2 * table.longEnd);
      table.longTokens = larger(table.longTokens, table.longRoom + 16);
    }
    memory.copy(table.longTokens + from, start, length);
    store<u64>(cell, longHash(start, length));
    store<u32>(cell + 8, from);
    store<u32>(cell + 12, <u32>length | LONG);
  }
  store<u32>(slot, ++table.size);
  if (table.size > table.slotCount >> 1) reserveSlots(table);
  return table.size - 1;
}

/** The same memory with more room; new memory if there is none yet. */
function larger(address: usize, room: usize): usize {
  return address === 0 ? heap.alloc(room) : heap.realloc(address, room);
}

/** Twice the slots, or the first ones. */
function reserveSlots(table: Table): void {
  if (table.slots !== 0) heap.free(table.slots);
  table.slotCount = max<u32>(FIRST_ROOM, 2 * table.slotCount);
  table.slots = heap.alloc(table.slotCount << 2);
  memory.fill(table.slots, 0, table.slotCount << 2);
  for (let number: u32 = 0; number < table.size; number++) {
    const cell = table.cells + (number << 4);
    let slot = load<u32>(cell + 12) & LONG ? <u32>load<u64>(cell) : shortHash(v128.load(cell));
    while (load<u32>(table.slots + ((slot & (table.slotCount - 1)) << 2)) !== 0) slot++;
    store<u32>(table.slots + ((slot & (table.slotCount - 1)) << 2), number + 1);
  }
}

/** The slot of the token, or the one that would be its own. */
function slotOf(table: Table, start: usize, length: usize): usize {
  return length > SHORT ? slotOfLong(table, start, length) : slotOfCell(table, shortCell(start, length));
}

function slotOfCell(table: Table, cell: v128): usize {
  let slot = shortHash(cell);
  while (true) {
    const place = table.slots + ((slot & (table.slotCount - 1)) << 2);
    const occupant = load<u32>(place);
    if (occupant === 0 || i8x16.all_true(i8x16.eq(cell, v128.load(table.cells + ((occupant - 1) << 4))))) return place;
    slot++;
  }
}

function slotOfLong(table: Table, start: usize, length: usize): usize {
  const hash = longHash(start, length);
  let slot = <u32>hash;
  while (true) {
    const place = table.slots + ((slot & (table.slotCount - 1)) << 2);
    const occupant = load<u32>(place);
    if (occupant === 0 || holdsLong(table, occupant - 1, start, length, hash)) return place;
    slot++;
  }
}

function holdsLong(table: Table, number: u32, start: usize, length: usize, hash: u64): bool {
  const cell = table.cells + (number << 4);
  if (load<u64>(cell) !== hash || load<u32>(cell + 12) !== (<u32>length | LONG)) return false;
  return equalBytes(table.longTokens + load<u32>(cell + 8), start, length);
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
