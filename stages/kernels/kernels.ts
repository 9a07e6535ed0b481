/**
 * The compiled kernels, and the memory in which they work: WebAssembly sees no memory but its own, so what a kernel reads
 * is copied in and what it writes is copied out. Copying runs at many times the speed at which any kernel reads.
 */
import { readFileSync } from 'node:fs';
import type { Utf8Column } from '../../pipeline/columns.ts';
import { MillraceError } from '../../pipeline/errors.ts';

/** What `assembly/index.ts` exports; its files say what each does. */
export interface KernelExports {
  readonly memory: WebAssembly.Memory;
  allocate(size: number): number;
  release(address: number): void;
  findLines(base: number, from: number, to: number, starts: number, ends: number, most: number): number;
  scanObjects(
    base: number,
    starts: number,
    ends: number,
    rows: number,
    keys: number,
    keyCount: number,
    values: number,
    understood: number,
  ): number;
  cutLeaves(
    base: number,
    starts: number,
    ends: number,
    rows: number,
    leafStarts: number,
    leafEnds: number,
    firsts: number,
    lasts: number,
  ): number;
  coverRanges(starts: number, ends: number, count: number, covered: number): void;
  matchWords(
    base: number,
    starts: number,
    ends: number,
    count: number,
    words: number,
    wordCount: number,
    codes: number,
  ): void;
  findBlanks(base: number, starts: number, ends: number, count: number, blank: number): number;
  copyTexts(base: number, starts: number, ends: number, count: number, copies: number, offsets: number): void;
  lowercase(base: number, starts: number, ends: number, count: number, lowered: number, offsets: number): number;
  findWords(base: number, starts: number, ends: number, rows: number, wordEnds: number): void;
  readVectors(base: number, starts: number, ends: number, rows: number, dimension: number, values: number): number;
  newTable(): number;
  releaseTable(table: number): void;
  findTokens(
    table: number,
    base: number,
    starts: number,
    ends: number,
    count: number,
    lowered: number,
    numbers: number,
  ): number;
  addTokens(table: number, base: number, starts: number, ends: number, count: number, numbers: number): number;
  findToken(table: number, start: number, end: number): number;
  addToken(table: number, start: number, end: number): number;
  tokenCount(table: number): number;
  tokenStart(table: number, number: number): number;
  tokenEnd(table: number, number: number): number;
}

/** Bytes of an int32. */
export const WORD = Int32Array.BYTES_PER_ELEMENT;

/** So many bytes more than they have to may kernels write behind texts that they write. */
export const BEYOND = 16;

let compiled: WebAssembly.Module | undefined;

/** A piece of the kernels' memory. */
interface Area {
  address: number;
  room: number;
}

/** A column as kernels see it. */
export interface PlacedColumn {
  /** The address that the first byte of the column's data would have. */
  readonly base: number;
  /** The addresses of its ranges. */
  readonly starts: number;
  readonly ends: number;
  /** How many bytes its rows have in all. */
  readonly bytes: number;
}

/** The kernels and their memory: an area for text, one for its ranges, one for what comes of them, and tables of tokens. */
export class Kernels {
  readonly run: KernelExports;
  readonly #text: Area = { address: 0, room: 0 };
  readonly #ranges: Area = { address: 0, room: 0 };
  readonly #results: Area = { address: 0, room: 0 };
  readonly #few: Area = { address: 0, room: 0 };
  #memory = new Uint8Array(0);
  /** What is in the text area. */
  #placed: { readonly data: Uint8Array; readonly from: number; readonly to: number } | undefined;

  constructor() {
    compiled ??= new WebAssembly.Module(readKernels());
    this.run = new WebAssembly.Instance(compiled).exports as KernelExports;
  }

  /** All memory, by address. A window: when memory is placed, reserved or made by a kernel, there may be another. */
  get memory(): Uint8Array {
    const { buffer } = this.run.memory;
    if (this.#memory.buffer !== buffer) this.#memory = new Uint8Array(buffer);
    return this.#memory;
  }

  /** A part of the memory as integers; a window as {@link memory} is. */
  integers(address: number, length: number): Int32Array {
    return new Int32Array(this.run.memory.buffer, address, length);
  }

  /** A copy of integers, to be kept. */
  copyOf(address: number, length: number): Int32Array<ArrayBuffer> {
    return new Int32Array(this.run.memory.buffer.slice(address, address + length * WORD));
  }

  /** Copies a column in, in place of the one before. */
  place({ data, starts: from, ends: to, length }: Utf8Column): PlacedColumn {
    const starts = reserve(this.run, this.#ranges, (2 * length + COVERED) * WORD);
    const ends = starts + length * WORD;
    const covered = ends + length * WORD;
    this.integers(starts, length).set(from);
    this.integers(ends, length).set(to);
    this.run.coverRanges(starts, ends, length, covered);
    const [first, last, bytes] = this.integers(covered, COVERED) as unknown as [number, number, number];
    return { base: this.placeText(data, first, last), starts, ends, bytes };
  }

  /**
   * Copies text in, in place of what was there, unless it is there: the columns of one block point into the same bytes,
   * which do not change.
   *
   * @returns the address that the first byte of `data` would have
   */
  placeText(data: Uint8Array, from: number, to: number): number {
    const placed = this.#placed;
    if (placed?.data === data && placed.from <= from && to <= placed.to) return this.#text.address - placed.from;
    const address = reserve(this.run, this.#text, to - from);
    this.memory.set(data.subarray(from, to), address);
    this.#placed = { data, from, to };
    return address - from;
  }

  /** Copies a few bytes in, in place of the few before, and beside all else that is placed; answers their address. */
  placeFew(bytes: Uint8Array, from: number, to: number): number {
    const address = reserve(this.run, this.#few, to - from);
    const { memory } = this;
    // A call costs more than so few bytes.
    for (let i = from; i < to; i++) memory[address + i - from] = bytes[i] as number;
    return address;
  }

  /** Room for so many bytes of results, in place of those before. */
  reserve(bytes: number): number {
    return reserve(this.run, this.#results, bytes);
  }
}

/** A piece of the kernels' memory. */
interface Area {
  address: number;
  room: number;
}

/** What `coverRanges` tells. */
const COVERED = 3;

function reserve(run: KernelExports, area: Area, bytes: number): number {
  if (area.room < bytes || area.address === 0) {
    if (area.address !== 0) run.release(area.address);
    // A little more than is needed now, as the next block may be.
    area.room = Math.ceil(1.25 * bytes);
    area.address = run.allocate(area.room);
  }
  return area.address;
}

let shared: Kernels | undefined;

/** The instance that all use, one after the other: what one has placed may be what another one needs. */
export function sharedKernels(): Kernels {
  shared ??= new Kernels();
  return shared;
}

function readKernels(): Uint8Array {
  const file = new URL('./text.wasm', import.meta.url);
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new MillraceError('MILLRACE_NOT_FOUND', 'The compiled kernels of the text stages are not there', {
      origin: { source: file.pathname },
      hint: 'In a checkout, `npm run kernels` compiles them; `npm install` does so too.',
      cause,
    });
  }
}
