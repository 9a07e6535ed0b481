/** How long to wait for a server, and how often to ask it again. */
export interface Patience {
  /** For a connection, in milliseconds. Default 10,000. */
  readonly connectMs: number;
  /** For the next byte, headers included, in milliseconds. Default 30,000. */
  readonly idleMs: number;
  /** For the whole file, all tries and pauses included, in milliseconds. Default: without end. */
  readonly totalMs: number;
  /** Tries in a row that bring nothing new before the download has failed. Default 5. */
  readonly tries: number;
  /** The pause after the first failure, in milliseconds; each further one is twice as long. Default 200. */
  readonly pauseMs: number;
  /** The longest pause, in milliseconds, even if a server asks for a longer one by `Retry-After`. Default 60,000. */
  readonly longestPauseMs: number;
}

export function patienceOf(given: Partial<Patience> = {}): Patience {
  return {
    connectMs: 10_000,
    idleMs: 30_000,
    totalMs: Number.POSITIVE_INFINITY,
    tries: 5,
    pauseMs: 200,
    longestPauseMs: 60_000,
    ...given,
  };
}

/**
 * The pause before the next try, in milliseconds: what the server asks for, or twice as long after each failure. Without
 * chance in it: a single reader has nobody to keep out of step with.
 *
 * @param failures in a row, at least one
 * @param retryAfter the server's `Retry-After`: seconds, or a date
 */
export function pauseAfter(
  failures: number,
  retryAfter: string | undefined,
  { pauseMs, longestPauseMs }: Patience,
): number {
  const own = pauseMs * 2 ** (failures - 1);
  return Math.min(longestPauseMs, Math.max(0, askedPause(retryAfter) ?? own));
}

/** RFC 9110, section 10.2.3. Undefined for what is neither of the two. */
function askedPause(retryAfter: string | undefined): number | undefined {
  if (retryAfter === undefined) return undefined;
  if (/^\d+$/.test(retryAfter)) return Number(retryAfter) * 1000;
  const date = Date.parse(retryAfter);
  return Number.isNaN(date) ? undefined : date - Date.now();
}
