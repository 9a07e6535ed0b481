/** What may go wrong with a server: for good, or until the next try. */
import { type ErrorDetails, MillraceError } from '../../pipeline/errors.ts';

/** A failure that may be gone at the next try. */
export class Interruption extends Error {
  readonly failure: MillraceError;
  /** When to try again, in the server's words. */
  readonly retryAfter: string | undefined;

  constructor(failure: MillraceError, retryAfter?: string) {
    super(failure.message, { cause: failure });
    this.failure = failure;
    this.retryAfter = retryAfter;
  }
}

export function httpError(url: string, summary: string, details: Omit<ErrorDetails, 'origin'>): MillraceError {
  const cause = details.cause instanceof Error ? details.cause : undefined;
  const found = cause && { found: [(cause as NodeJS.ErrnoException).code, cause.message].filter(Boolean).join(': ') };
  return new MillraceError('MILLRACE_HTTP', summary, {
    hint: 'Check the address and the network.',
    ...found,
    ...details,
    origin: { source: url },
  });
}

/** What a status means that is not the one hoped for. */
export function statusError(url: string, status: number, retryAfter: string | undefined): Error {
  const failure = httpError(url, `The server answers with status ${status}`, {
    hint: 'Check the address; for a corpus known by name, MILLRACE_MIRROR can name another server or a local folder.',
  });
  // 206 and 416 are answers to a request for the rest: the next try asks for the whole.
  const mayPass = status >= 500 || [206, 408, 416, 425, 429].includes(status);
  return mayPass ? new Interruption(failure, retryAfter) : failure;
}
