/** What a server says of a file in the headers of its answer. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Body } from './body.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Body;
}

/** What tells one version of a file from the next, and how it is packed for the way. */
export interface Version {
  readonly etag?: string;
  readonly lastModified?: string;
  /** `content-encoding`, where there is one. */
  readonly encoding?: string;
}

export function header({ headers }: Pick<Answer, 'headers'>, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

export function versionOf(answer: Answer): Version {
  const etag = header(answer, 'etag');
  const lastModified = header(answer, 'last-modified');
  const encoding = header(answer, 'content-encoding');
  return { ...(etag && { etag }), ...(lastModified && { lastModified }), ...(encoding && { encoding }) };
}

/** The length of the body in bytes, if the server tells it. */
export function lengthOf(answer: Answer): number | undefined {
  const length = header(answer, 'content-length');
  return length !== undefined && /^\d+$/.test(length) ? Number(length) : undefined;
}

/** Of a part of a file: where it begins, where it ends (exclusive), and how long the file is if that is told. */
export function rangeOf(answer: Answer): { start: number; end: number; total?: number } | undefined {
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(header(answer, 'content-range') ?? '') ?? [];
  if (first === undefined || last === undefined) return undefined;
  return { start: Number(first), end: Number(last) + 1, ...(total !== '*' && { total: Number(total) }) };
}

/**
 * What to send as `If-Range`, so that a range is of the same version or is not sent at all. Undefined when nothing would
 * say that it is still the same file: a weak ETag is for files that mean the same, not for the same bytes.
 */
export function validatorOf({ etag, lastModified }: Version): string | undefined {
  return etag?.startsWith('"') ? etag : lastModified;
}

/** Headers by which a server may answer that nothing has changed. */
export function askIfNewer({ etag, lastModified }: Version): Record<string, string> {
  return { ...(etag && { 'if-none-match': etag }), ...(lastModified && { 'if-modified-since': lastModified }) };
}
