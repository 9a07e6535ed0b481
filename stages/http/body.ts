/** What a server sends, piece by piece. */
import type { Answer } from './answer.ts';
import { httpError, Interruption } from './errors.ts';

/** How many pieces may wait for their reader; each is some 64 KiB at most. */
const MOST_WAITING = 16;

/**
 * The bytes of an answer, all those that came before it broke off included: a stream that fails throws away what nobody
 * has read yet, and a download from a server that breaks off again and again would never get further.
 *
 * @throws Interruption when it breaks off
 */
export async function* bodyOf({ body }: Answer, url: string): AsyncGenerator<Uint8Array, void> {
  const waiting: Uint8Array[] = [];
  let end: { readonly error?: unknown } | undefined;
  let wake = (): void => {};
  body.on('data', (piece: Uint8Array) => {
    waiting.push(piece);
    if (waiting.length >= MOST_WAITING) body.pause();
    wake();
  });
  const ended = (error?: unknown) => {
    end ??= { error };
    wake();
  };
  body.on('error', ended).on('end', () => ended());
  for (;;) {
    const piece = waiting.shift();
    if (piece) {
      yield piece;
      if (waiting.length < MOST_WAITING && !end) body.resume();
    } else if (end) {
      if (end.error === undefined) return;
      throw new Interruption(httpError(url, 'The download broke off', { cause: end.error }));
    } else {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
}
