import { pipeline as flow } from 'node:stream/promises';

/** What can be read until a signal aborts. */
interface Readable {
  withAbort(signal: AbortSignal): AsyncIterable<unknown>;
}

/**
 * Writes records, which must be texts or bytes unless `writable` takes objects, into a Node stream, and returns it. An
 * error of `source` is told to `writable`, which is destroyed with it. When `writable` is closed, so is `source`.
 *
 * IxJS has a bridge of its own to Node, but what that reads from is never closed after an error.
 */
export function writeTo<W extends NodeJS.WritableStream>(source: Readable, writable: W, { end = true } = {}): W {
  const closing = new AbortController();
  writable.once('close', () => closing.abort());
  flow(source.withAbort(closing.signal), writable, { end }).catch(() => {});
  return writable;
}
