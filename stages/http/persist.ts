import { setTimeout as sleep } from 'node:timers/promises';
import { Interruption } from './errors.ts';
import { type Patience, pauseAfter } from './patience.ts';

/** Progress that is worth a new set of tries: so a long download over a bad line ends, and a hostile server does not. */
const WORTHWHILE_BYTES = 1 << 20;

/**
 * Tries until it is done, as often as is sensible.
 *
 * @param received how many bytes there are by now
 * @param isHopeless whether to give up at once what could be tried again
 * @throws Interruption, the last one; whatever else a try throws
 */
export async function persist<T>(
  attempt: () => Promise<T>,
  received: () => number,
  patience: Patience,
  { signal, isHopeless = () => false }: { signal?: AbortSignal | undefined; isHopeless?: () => boolean },
): Promise<T> {
  let best = received();
  for (let failures = 0; ; ) {
    try {
      return await attempt();
    } catch (error) {
      signal?.throwIfAborted();
      if (received() >= best + WORTHWHILE_BYTES) failures = 0;
      best = Math.max(best, received());
      failures++;
      if (!(error instanceof Interruption) || failures >= patience.tries || isHopeless()) throw error;
      await sleep(pauseAfter(failures, error.retryAfter, patience), undefined, { ...(signal && { signal }) });
    }
  }
}
