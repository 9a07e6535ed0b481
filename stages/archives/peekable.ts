import { MillraceError, type Origin } from '../../pipeline/errors.ts';
import { type Kind, kindOf } from './kinds.ts';
import { TAR_BLOCK } from './tar-header.ts';

/** Chunks of which can be told what they are before they are read. */
export class Peekable implements AsyncIterableIterator<Uint8Array> {
  readonly #chunks: AsyncIterator<Uint8Array>;
  /** What has been looked at and not yet handed on. */
  readonly #seen: Uint8Array[] = [];

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Reads no further than it must to know; to be asked for before the chunks. */
  async kind(): Promise<Kind> {
    let head: Uint8Array = new Uint8Array(0);
    for (;;) {
      const kind = kindOf(head);
      if (kind) return kind;
      const next = await this.#chunks.next();
      if (next.done) return kindOf(head, true)!;
      this.#seen.push(next.value);
      head = Buffer.concat([head, next.value.subarray(0, TAR_BLOCK - head.length)]);
    }
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    const value = this.#seen.shift();
    return value ? { done: false, value } : this.#chunks.next();
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#seen.length = 0;
    await this.#chunks.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** How to unpack what is not unpacked here. */
const tools: Readonly<Record<Exclude<Kind, 'plain'>, string>> = {
  zip: 'unzip',
  gzip: 'gunzip',
  zstd: 'unzstd',
  tar: 'tar -xf',
  bzip2: 'bunzip2',
  xz: 'unxz',
  '7z': '7z x',
  rar: 'unrar x',
};

/** @throws MillraceError `MILLRACE_BAD_ARCHIVE`, always: what it is cannot be opened, or not where it is */
export function refuse(kind: Exclude<Kind, 'plain'>, where: string, origin: Origin): never {
  throw new MillraceError('MILLRACE_BAD_ARCHIVE', `${where} is packed in a way that is not opened here`, {
    origin,
    found: kind,
    hint: `Unpack it first (${tools[kind]}), and name the file that comes of it.`,
  });
}

/** Hands on the bytes of an archive's entry, unless they are packed once more. */
export async function* unlessPacked(chunks: AsyncIterable<Uint8Array>, origin: Origin): AsyncGenerator<Uint8Array> {
  const bytes = new Peekable(chunks);
  try {
    const kind = await bytes.kind();
    if (kind !== 'plain') refuse(kind, 'The entry', origin);
    yield* bytes;
  } finally {
    await bytes.return();
  }
}
