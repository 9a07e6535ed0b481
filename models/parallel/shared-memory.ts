/** Memory that several threads see: what is written on one is there on the others, and nothing is sent. */

const BYTES = 4;

export function sharedFloats(length: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(length * BYTES));
}

/** A place for what is of another length each time. What was there before goes. */
export class Room {
  #buffer = new SharedArrayBuffer(0);

  floats(length: number): Float32Array {
    return new Float32Array(this.#ofBytes(length * BYTES), 0, length);
  }

  /** Puts copies of these lists there. */
  integers(lists: readonly Int32Array[]): Int32Array[] {
    const buffer = this.#ofBytes(lists.reduce((sum, { byteLength }) => sum + byteLength, 0));
    let at = 0;
    return lists.map((list) => {
      const copy = new Int32Array(buffer, at, list.length);
      copy.set(list);
      at += list.byteLength;
      return copy;
    });
  }

  #ofBytes(bytes: number): SharedArrayBuffer {
    if (this.#buffer.byteLength < bytes) this.#buffer = new SharedArrayBuffer(powerOfTwo(bytes));
    return this.#buffer;
  }
}

/** The lowest that is not below. */
export function powerOfTwo(least: number): number {
  return 2 ** Math.ceil(Math.log2(least));
}
