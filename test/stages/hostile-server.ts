/** A file server on loopback that does what servers do on bad days, request by request. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ExecutionContext } from 'ava';
import { serve, type TestServer } from './server.ts';

/** What may go wrong with one answer. Without any of it, it is that of a good static file server. */
export interface Fault {
  /** The connection is closed when so many bytes of the body have been sent. */
  readonly dropAt?: number;
  /** Nothing more comes, but the connection stays open, when so many bytes of the body have been sent. */
  readonly stallAt?: number;
  /** Bytes to a piece, with a pause of some milliseconds behind each. */
  readonly drip?: number;
  /** Added to the length that is told; the connection is closed behind the body. */
  readonly lie?: number;
  /** No ranges: the whole file, whatever is asked for. */
  readonly whole?: true;
  /** Another range than was asked for: so many bytes further on. */
  readonly shift?: number;
  /** Another status, with a body and headers of its own. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface ServedFile {
  readonly bytes: Uint8Array;
  readonly etag?: string;
  readonly lastModified?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HostileServer extends TestServer {
  /** The bytes of files that were sent for each request; those that were on their way when it was cut off included. */
  readonly sent: number[];
}

/**
 * @param file what is served, asked for each request, whatever its path
 * @param faultOf what goes wrong with the request of that number, counted from 0
 */
export async function serveFile(
  t: ExecutionContext,
  file: () => ServedFile,
  faultOf: (request: number, message: IncomingMessage) => Fault | undefined = () => undefined,
): Promise<HostileServer> {
  const sent: number[] = [];
  const server = await serve(t, (message, response) => {
    const request = sent.push(0) - 1;
    const count = (bytes: number) => {
      sent[request] = (sent[request] as number) + bytes;
    };
    answer(file(), faultOf(request, message) ?? {}, message, response, count).catch(() => response.destroy());
  });
  return Object.assign(server, { sent });
}

async function answer(
  { bytes, etag, lastModified, headers }: ServedFile,
  fault: Fault,
  { headers: asked }: IncomingMessage,
  response: ServerResponse,
  count: (bytes: number) => void,
): Promise<void> {
  const version = { ...(etag && { etag }), ...(lastModified && { 'last-modified': lastModified }) };
  if (fault.status !== undefined) {
    response.writeHead(fault.status, { ...version, ...fault.headers });
    response.end(fault.body ?? '');
    return;
  }
  const isSame = etag === undefined ? asked['if-modified-since'] === lastModified : asked['if-none-match'] === etag;
  if (isSame && (etag ?? lastModified) !== undefined) {
    response.writeHead(304, version);
    response.end();
    return;
  }
  const range = fault.whole ? undefined : rangeOf(asked, bytes.length, [etag, lastModified]);
  if (range && range.start >= bytes.length) {
    response.writeHead(416, { 'content-range': `bytes */${bytes.length}` });
    response.end();
    return;
  }
  const { start, end } = range ?? { start: 0, end: bytes.length };
  const body = bytes.subarray(start, end);
  const shown = start + (fault.shift ?? 0);
  response.writeHead(range ? 206 : 200, {
    ...version,
    ...headers,
    ...fault.headers,
    'content-length': body.length + (fault.lie ?? 0),
    ...(range && { 'content-range': `bytes ${shown}-${end - 1}/${bytes.length}` }),
  });
  await send(body, fault, response, count);
}

async function send(body: Uint8Array, fault: Fault, response: ServerResponse, count: (bytes: number) => void) {
  const { dropAt, stallAt, drip = 1 << 16, lie } = fault;
  const end = Math.min(body.length, dropAt ?? body.length, stallAt ?? body.length);
  response.flushHeaders();
  for (let at = 0; at < end && !response.destroyed; at += drip) {
    const piece = body.subarray(at, Math.min(end, at + drip));
    count(piece.length);
    if (!response.write(piece)) await drained(response);
    if (fault.drip !== undefined) await new Promise((resolve) => setTimeout(resolve, 2));
  }
  if (stallAt !== undefined && stallAt < body.length) return;
  if (lie !== undefined || (dropAt !== undefined && dropAt < body.length)) response.socket?.end();
  else response.end();
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

function rangeOf(
  { range, 'if-range': given }: IncomingMessage['headers'],
  size: number,
  versions: readonly (string | undefined)[],
): { start: number; end: number } | undefined {
  const validator = given === undefined ? undefined : String(given);
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  if (first === undefined || (validator !== undefined && !versions.includes(validator))) return undefined;
  return { start: Number(first), end: last ? Math.min(size, Number(last) + 1) : size };
}
