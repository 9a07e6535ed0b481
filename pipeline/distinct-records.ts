import type { MillraceError, Origin } from './errors.ts';
import { toPlain } from './record.ts';

/** Lines to a page of bits. */
const PAGE = 1024;
const WORD = 32;

/**
 * Bad records that were told of before, in as many bits as they have lines: since every epoch comes upon the same ones,
 * and there may be millions of them.
 */
export class DistinctRecords {
  readonly #files = new Map<string, Map<number, Uint32Array>>();
  readonly #others = new Set<string>();

  /** @returns whether the record is a new one. Where no line is known, those are the same that look the same. */
  add({ origin, message }: MillraceError, raw: unknown): boolean {
    if (origin?.line !== undefined) return this.#addLine(origin, origin.line);
    const { size } = this.#others;
    return this.#others.add(JSON.stringify([origin, message, toPlain(raw)])).size > size;
  }

  #addLine({ source, entry }: Origin, line: number): boolean {
    const page = pageOf(this.#files, JSON.stringify([source, entry]), line);
    const [word, bit] = [Math.floor((line % PAGE) / WORD), 1 << (line % WORD)];
    const before = page[word] as number;
    page[word] = before | bit;
    return (before & bit) === 0;
  }
}

function pageOf(files: Map<string, Map<number, Uint32Array>>, file: string, line: number): Uint32Array {
  const pages = files.get(file) ?? new Map<number, Uint32Array>();
  files.set(file, pages);
  const number = Math.floor(line / PAGE);
  const page = pages.get(number) ?? new Uint32Array(PAGE / WORD);
  pages.set(number, page);
  return page;
}
