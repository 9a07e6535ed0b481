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
  lowercase(base: number, starts: number, ends: number, count: number, lowered: number, offsets: number): number;
  findTokens(base: number, starts: number, ends: number, count: number, numbers: number): number;
  addTokens(base: number, starts: number, ends: number, count: number, numbers: number): number;
  findToken(start: number, end: number): number;
  addToken(start: number, end: number): number;
  tokenCount(): number;
  tokenStart(number: number): number;
  tokenEnd(number: number): number;
}

/** Bytes of an int32. */
export const WORD = Int32Array.BYTES_PER_ELEMENT;

/** So many bytes more than they have to may kernels read behind texts, and write behind what they write. */
export const BEYOND = 16;

let compiled: WebAssembly.Module | undefined;

/** A piece of the kernels' memory. */
interface Area {
  address: number;
  room: number;
}

/** The kernels with memory of their own: an area for text, one to work in, and a small one aside. */
export class Kernels {
  readonly run: KernelExports;
  readonly #text: Area = { address: 0, room: 0 };
  readonly #work: Area = { address: 0, room: 0 };
  readonly #aside: Area = { address: 0, room: 0 };
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

  /**
   * Copies text in, in place of what was there, unless it is there: the columns of one block point into the same bytes,
   * which do not change.
   *
   * @returns the address that the first byte of `data` would have
   */
  place(data: Uint8Array, from: number, to: number): number {
    const placed = this.#placed;
    if (placed?.data === data && placed.from <= from && to <= placed.to) return this.#text.address - placed.from;
    const address = this.#reserve(this.#text, to - from);
    this.memory.set(data.subarray(from, to), address);
    this.#placed = { data, from, to };
    return address - from;
  }

  /** Places what a column's rows range over. */
  placeRanges({ data, starts, ends }: Utf8Column): number {
    let from = data.length;
    let to = 0;
    for (let row = 0; row < starts.length; row++) {
      const start = starts[row] as number;
      if (start < 0) continue;
      if (start < from) from = start;
      if ((ends[row] as number) > to) to = ends[row] as number;
    }
    return this.place(data, Math.min(from, to), to);
  }

  /** Room to work in for so many bytes, in place of what was reserved before. */
  reserve(bytes: number): number {
    return this.#reserve(this.#work, bytes);
  }

  /** Room for so many bytes that leaves alone what is placed and reserved. */
  reserveAside(bytes: number): number {
    return this.#reserve(this.#aside, bytes);
  }

  #reserve(area: Area, bytes: number): number {
    if (area.room < bytes || area.address === 0) {
      if (area.address !== 0) this.run.release(area.address);
      area.room = 2 * bytes;
      area.address = this.run.allocate(area.room);
    }
    return area.address;
  }
}

let shared: Kernels | undefined;

/** The instance for kernels that keep nothing from one call to the next. */
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
