import { ArrayChunk, type Chunk } from '../chunk.ts';
import type { Plan } from '../run.ts';
import type { Source } from '../source.ts';

/** One record of each plan in turn; a plan that has ended is passed over. The order depends on the records alone. */
export function interleave<T>(plans: readonly Plan<T>[]): Source<T> {
  return {
    name: 'interleave',
    async *open(run) {
      const all = plans.map((plan) => new Feed(run.open(plan, run.stage)));
      let open = all;
      let out: T[] = [];
      let failed = false;
      try {
        while (open.length > 0) {
          for (const feed of open) {
            if (feed.empty) {
              // What is ready leaves before a feed is waited for: a slow one must not hold back the others' records.
              if (out.length > 0) yield new ArrayChunk(out);
              out = [];
              await feed.fill();
            }
            if (!feed.ended) out.push(feed.shift());
          }
          open = open.filter((feed) => !feed.ended);
        }
        if (out.length > 0) yield new ArrayChunk(out);
      } catch (error) {
        failed = true;
        throw error;
      } finally {
        await closeAll(all, failed);
      }
    },
  };
}

/** Closes every feed even if closing one fails. The first failure is thrown then, unless an earlier one is on its way. */
async function closeAll(feeds: readonly Feed<unknown>[], failed: boolean): Promise<void> {
  const closed = await Promise.allSettled(feeds.map((feed) => feed.close()));
  const stuck = closed.find((result) => result.status === 'rejected');
  if (stuck && !failed) throw stuck.reason;
}

/** A stream of chunks, read a record at a time. */
class Feed<T> {
  readonly #chunks: AsyncIterator<Chunk<T>>;
  #chunk: Chunk<T> = new ArrayChunk<T>([]);
  #at = 0;
  ended = false;

  constructor(chunks: AsyncIterable<Chunk<T>>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  get empty(): boolean {
    return this.#at >= this.#chunk.length;
  }

  async fill(): Promise<void> {
    while (this.empty && !this.ended) {
      const result = await this.#chunks.next();
      if (result.done) this.ended = true;
      else {
        this.#chunk = result.value;
        this.#at = 0;
      }
    }
  }

  shift(): T {
    return this.#chunk.get(this.#at++);
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
