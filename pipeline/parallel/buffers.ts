/** Memory that is not zeroed first, because it is written before it is read. */
export function allocate(size: number): ArrayBuffer {
  return Buffer.allocUnsafeSlow(size).buffer as ArrayBuffer;
}

/** What sizes are rounded up to, so that a buffer fits the next chunk too. */
const STEP = 1 << 18;

/**
 * Buffers that go out with a chunk and come back with its answer. A new one for each would be fresh pages from the system
 * every time, and garbage collections that look through everything else for nothing.
 */
export class Buffers {
  #free: ArrayBuffer[] = [];

  readonly take = (size: number): ArrayBuffer => {
    const fit = this.#free.findIndex((buffer) => buffer.byteLength >= size);
    return this.#free.splice(fit, fit < 0 ? 0 : 1)[0] ?? allocate(Math.ceil(size / STEP) * STEP);
  };

  /** @param most how many to keep */
  give(buffer: ArrayBuffer, most: number): void {
    this.#free = [buffer, ...this.#free].slice(0, most);
  }
}
