import type { Chunk } from '../chunk.ts';
import type { Capture, Opened } from '../state.ts';
import { type Figures, figuresOf, figuresSince } from './figures.ts';

/** A part of a run that is a run of its own: its chunks one by one, with where it is and what was counted between them. */
export class Leg {
  readonly #opened: Opened<unknown>;
  readonly #stages: number;
  readonly #chunks: AsyncIterator<Chunk<unknown>>;
  #told: readonly Figures[] = [];

  /** @param stages how many follow the source */
  constructor(opened: Opened<unknown>, stages: number) {
    this.#opened = opened;
    this.#stages = stages;
    this.#chunks = opened[Symbol.asyncIterator]();
  }

  next(): Promise<IteratorResult<Chunk<unknown>>> {
    return this.#chunks.next();
  }

  /** Where it is, behind the latest chunk. */
  capture(): Capture {
    return this.#opened.capture();
  }

  /** What the source and each stage counted since this was asked last. */
  figures(): Figures[] {
    const meters = this.#opened.meters();
    // Those of plans that the source opened lie between its own and the stages'.
    const own = [...meters.slice(0, 1), ...meters.slice(meters.length - this.#stages)];
    const now = own.map(figuresOf);
    const since = now.map((figures, i) => figuresSince(this.#told[i], figures));
    this.#told = now;
    return since;
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
