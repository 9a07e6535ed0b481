import { ArrayChunk, type Chunk } from '../chunk.ts';
import { MillraceError } from '../errors.ts';
import type { Plan } from '../run.ts';
import type { Source, SourceContext } from '../source.ts';
import type { Capture, Json, Opened } from '../state.ts';

/**
 * One record of each plan in turn, or of each as many as its weight says, evenly spread; a plan that has ended is passed
 * over. The order depends on the records and weights alone.
 *
 * @param weights a number above 0 for each plan; default all the same
 * @throws MillraceError MILLRACE_USAGE for weights that are none
 */
export function interleave<T>(plans: readonly Plan<T>[], weights: readonly number[] = plans.map(() => 1)): Source<T> {
  if (weights.length !== plans.length || !weights.every((weight) => weight > 0 && Number.isFinite(weight))) {
    throw new MillraceError('MILLRACE_USAGE', 'The weights are wrong', {
      expected: `${plans.length} numbers above 0`,
      found: weights.join(', '),
    });
  }
  return {
    name: 'interleave',
    options: { weights },
    plans,
    async *open(context) {
      const resumed = context.resumed as Place | undefined;
      const feeds = plans.map((plan, i) => new Feed(plan, context, weights[i] as number, resumed?.[i]));
      context.onCheckpoint(() => {
        const captured = feeds.map((feed) => feed.capture());
        return () => captured.map((feed) => feed());
      });
      let open = feeds.filter((feed) => !feed.ended);
      let out: T[] = [];
      let failed = false;
      try {
        while (open.length > 0) {
          const feed = open.reduce((first, other) => (other.due < first.due ? other : first));
          if (feed.empty) {
            // What is ready leaves before a feed is waited for: a slow one must not hold back the others' records.
            if (out.length > 0) yield new ArrayChunk(out);
            out = [];
            await feed.fill();
          }
          if (feed.ended) open = open.filter((one) => one !== feed);
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

/** Where each feed is. */
type Place = readonly FeedPlace[];

/**
 * How many records have been given in all, the state before the chunk in hand, and how many were given of that; null for a
 * feed that has ended.
 */
type FeedPlace = { readonly given: number; readonly state: readonly Json[]; readonly skip: number } | null;

/** A stream of chunks, read a record at a time. */
class Feed<T> {
  readonly #opened: Opened<T>;
  readonly #chunks: AsyncIterator<Chunk<T>>;
  #chunk: Chunk<T> | undefined;
  #before: Capture | undefined;
  #at: number;
  readonly #weight: number;
  #given: number;
  ended: boolean;

  constructor(plan: Plan<T>, context: SourceContext, weight: number, resumed: FeedPlace | undefined) {
    this.#weight = weight;
    this.#given = resumed?.given ?? 0;
    this.#opened = context.open(plan, resumed?.state);
    this.#chunks = this.#opened[Symbol.asyncIterator]();
    this.#at = resumed?.skip ?? 0;
    this.ended = resumed === null;
  }

  /** When its next record is due, in rounds: whoever is due first goes, of several the first. */
  get due(): number {
    return (this.#given + 1) / this.#weight;
  }

  get empty(): boolean {
    return this.#chunk === undefined || this.#at >= this.#chunk.length;
  }

  capture(): () => FeedPlace {
    if (this.ended) return () => null;
    const before = this.empty && this.#chunk ? this.#opened.capture() : (this.#before ?? this.#opened.capture());
    const skip = this.empty && this.#chunk ? 0 : this.#at;
    const given = this.#given;
    return () => ({ given, state: before(), skip });
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
    this.#given++;
    return (this.#chunk as Chunk<T>).get(this.#at++);
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
