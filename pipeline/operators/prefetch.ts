import type { Chunk } from '../chunk.ts';
import { MillraceError } from '../errors.ts';
import type { StageSpec } from '../spec.ts';
import type { Capture } from '../state.ts';

/**
 * Up to `ahead` chunks are fetched while the consumer is at work on earlier ones (a batch is a chunk of its own, so
 * after `batch` these are batches). Nothing is fetched before the first is asked for. An error of the source comes
 * after the chunks that were made before it.
 *
 * @param ahead default: one at first, twice as many each time that the consumer has to wait, up to 16; the report tells what
 * it came to
 * @throws MillraceError MILLRACE_USAGE unless `ahead` is a positive integer
 */
export function prefetch<T>(ahead?: number): StageSpec<T, T> {
  if (ahead !== undefined && !(Number.isInteger(ahead) && ahead > 0)) {
    throw new MillraceError('MILLRACE_USAGE', 'Nothing would be prefetched', {
      expected: 'a positive number of chunks',
      found: ahead,
    });
  }
  return {
    name: 'prefetch',
    ...(ahead !== undefined && { options: { ahead } }),
    overlaps: true,
    async *stream(source, context) {
      const iterator = source[Symbol.asyncIterator]();
      let wanted = ahead ?? 1;
      if (ahead === undefined) context.tally('ahead', wanted);
      const ready: Fetch<T>[] = [];
      context.onCheckpoint(() => ({ from: ready[0]?.before ?? context.upstream(), own: () => null }));
      // One request at a time, each behind the one before: a source need not bear several at once.
      let tail: Promise<IteratorResult<Chunk<T>>> | undefined;
      const fetch = () => {
        // In a turn of its own, so that what is ready is handed over before the next is made.
        const one: Fetch<T> = { result: (tail?.then(nextTurn) ?? Promise.resolve(undefined)).then(ask) };
        function ask(last: IteratorResult<Chunk<T>> | undefined) {
          // Between two requests, when upstream rests, is when its state can be taken.
          one.before = context.upstream();
          return last?.done ? last : iterator.next();
        }
        tail = one.result;
        // It is awaited in its turn; until then a failure must not count as unhandled.
        tail.then(settle, settle);
        function settle() {
          one.settled = true;
        }
        ready.push(one);
      };
      try {
        for (;;) {
          // The consumer is back before the next chunk is there, with no room left unused: more may spare it the wait.
          const short = ahead === undefined && ready.length === wanted && !ready[0]?.settled;
          if (short && wanted < MOST_AHEAD) {
            context.tally('ahead', wanted);
            wanted *= 2;
          }
          while (ready.length < wanted + 1) fetch();
          const result = await (ready[0] as Fetch<T>).result;
          ready.shift();
          if (result.done) return;
          yield result.value;
        }
      } finally {
        // What is still being fetched ends first, so that the source is idle, and closed, when we are.
        const closing = iterator.return?.();
        await Promise.allSettled([closing, ...ready.map(({ result }) => result)]);
        await closing;
      }
    },
  };
}

/** The most that is fetched ahead where nobody said how much. */
const MOST_AHEAD = 16;

function nextTurn<R>(result: R): Promise<R> {
  return new Promise((resolve) => setImmediate(resolve, result));
}

/** A chunk that is being fetched, and where upstream was before it; unknown until it is its turn. */
interface Fetch<T> {
  before?: Capture;
  settled?: true;
  readonly result: Promise<IteratorResult<Chunk<T>>>;
}
