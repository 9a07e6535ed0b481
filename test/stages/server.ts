/** A web server on loopback that answers as a test wants it to, and remembers what it was asked. */
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';

export interface TestServer {
  /** `http://127.0.0.1:PORT/`. */
  readonly base: string;
  /** The headers of each request so far. */
  readonly requests: IncomingHttpHeaders[];
  /** Stops listening and cuts all connections; also done after the test. */
  readonly close: () => Promise<void>;
}

export async function serve(t: ExecutionContext, listener: RequestListener): Promise<TestServer> {
  // A proxy that the machine may have is not for loopback.
  process.env.no_proxy = '127.0.0.1';
  const requests: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    requests.push(request.headers);
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  t.teardown(close);
  return { base: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, requests, close };
}
