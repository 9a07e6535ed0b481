import { ArrayChunk, type Chunk } from '../chunk.ts';
import type { Plan } from '../run.ts';
import type { Source, SourceContext } from '../source.ts';
import type { Capture, Json, Opened } from '../state.ts';

/** One record of each plan in turn; a plan that has ended is passed over. The order depends on the records alone. */
export function interleave<T>(plans: readonly Plan<T>[]): Source<T> {
  return {
    name: 'interleave',
    plans,
    async *open(context) {
      const resumed = context.resumed as Place | undefined;
      const feeds = plans.map((plan, i) => new Feed(plan, context, resumed?.feeds[i]));
      let turn = resumed?.turn ?? 0;
      context.onCheckpoint(() => {
        const captured = feeds.map((feed) => feed.capture());
        const next = turn;
        return () => ({ turn: next, feeds: captured.map((feed) => feed()) });
      });
      let open = feeds.filter((feed) => !feed.ended).length;
      let out: T[] = [];
      let failed = false;
      try {
        for (; open > 0; turn = (turn + 1) % feeds.length) {
          const feed = feeds[turn] as Feed<T>;
          if (feed.ended) continue;
          if (feed.empty) {
            // What is ready leaves before a feed is waited for: a slow one must not hold back the others' records.
            if (out.length > 0) yield new ArrayChunk(out);
            out = [];
            await feed.fill();
          }
          if (feed.ended) open--;
          else out.push(feed.shift());
        }
        if (out.length > 0) yield new ArrayChunk(out);
      } catch (error) {
        failed = true;
        throw error;
      } finally {
        await closeAll(feeds, failed);
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

/** Whose turn it is, and where each feed is. */
type Place = { readonly turn: number; readonly feeds: readonly FeedPlace[] };

/** The state before the chunk in hand, and how many records of it have been given; null for a feed that has ended. */
type FeedPlace = { readonly state: readonly Json[]; readonly skip: number } | null;

/** A stream of chunks, read a record at a time. */
class Feed<T> {
  readonly #opened: Opened<T>;
  readonly #chunks: AsyncIterator<Chunk<T>>;
  #chunk: Chunk<T> | undefined;
  #before: Capture | undefined;
  #at: number;
  ended: boolean;

  constructor(plan: Plan<T>, context: SourceContext, resumed: FeedPlace | undefined) {
    this.#opened = context.open(plan, resumed?.state);
    this.#chunks = this.#opened[Symbol.asyncIterator]();
    this.#at = resumed?.skip ?? 0;
    this.ended = resumed === null;
  }

  get empty(): boolean {
    return this.#chunk === undefined || this.#at >= this.#chunk.length;
  }

  capture(): () => FeedPlace {
    if (this.ended) return () => null;
    const before = this.empty && this.#chunk ? this.#opened.capture() : (this.#before ?? this.#opened.capture());
    const skip = this.empty && this.#chunk ? 0 : this.#at;
    return () => ({ state: before(), skip });
  }

  async fill(): Promise<void> {
    while (this.empty && !this.ended) {
      if (this.#chunk) this.#at -= this.#chunk.length;
      this.#before = this.#opened.capture();
      const result = await this.#chunks.next();
      if (result.done) this.ended = true;
      else this.#chunk = result.value;
    }
  }

  shift(): T {
    return (this.#chunk as Chunk<T>).get(this.#at++);
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
