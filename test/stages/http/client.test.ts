import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { MillraceError } from '../../../pipeline/errors.ts';
import { download } from '../../../stages/download.ts';
import { Client } from '../../../stages/http/client.ts';
import { patienceOf } from '../../../stages/http/patience.ts';
import { nextUrl } from '../../../stages/http/redirect.ts';
import { temporaryFolder } from '../files.ts';
import { serve } from '../server.ts';

const patience = { tries: 2, pauseMs: 1 };

async function messageOf(t: ExecutionContext, work: Promise<unknown>): Promise<string> {
  const error = await t.throwsAsync(work, { instanceOf: MillraceError });
  t.is(error.code, 'MILLRACE_HTTP');
  return error.message;
}

test.serial('redirects are followed up to a bound, and an error tells the way', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const { base, requests } = await serve(t, ({ url }, response) => {
    const step = Number(url?.slice(1));
    if (step === 10) return response.end('here');
    response.writeHead(302, { location: `/${step + 1}` });
    response.end();
  });
  t.is(await readFile(await download(`${base}0`, { cacheDir, patience }), 'utf8'), 'here');
  t.is(requests.length, 11);
  const message = await messageOf(t, download(`${base}11`, { cacheDir, patience }));
  t.regex(message, /points from one address to the next; expected 10 redirects at most/);
  t.true(message.includes(`${base}11 -> ${base}12`));
  t.is(requests.length, 22);
});

test.serial('redirects in a circle are an error at once', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const { base, requests } = await serve(t, ({ url }, response) => {
    response.writeHead(301, { location: url === '/a' ? '/b' : '/a' });
    response.end();
  });
  const message = await messageOf(t, download(`${base}a`, { cacheDir, patience }));
  t.true(message.includes(`points in circles, found "${base}a -> ${base}b -> ${base}a"`), message);
  t.is(requests.length, 2);
});

test('a redirect never leads from https to http, nor to what is no address on the web', (t) => {
  const from = 'https://example.org/a.zip';
  const error = t.throws(() => nextUrl(from, 'http://example.org/a.zip', [from]), { instanceOf: MillraceError });
  t.regex(error.message, /^https:\/\/example.org\/a.zip: The server points from https to http.*-> http:/);
  t.is(nextUrl(from, '/b.zip', [from]), 'https://example.org/b.zip');
  t.is(nextUrl('http://example.org/', 'https://example.org/', ['http://example.org/']), 'https://example.org/');
  for (const location of ['file:///etc/passwd', 'ftp://example.org/', 'http://']) {
    t.throws(() => nextUrl(from, location, [from]), { instanceOf: MillraceError, message: /no address of a file/ });
  }
});

/** A proxy as a firewall has them: it takes whole URLs, and CONNECT; what it was asked for is told. */
async function proxy(t: ExecutionContext): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const answer = await fetch(request.url as string, { headers: headersOf(request.headers) });
    response.writeHead(answer.status);
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  server.on('connect', (request, socket, head) => {
    asked.push(`CONNECT ${request.url}`);
    const [host, port] = (request.url as string).split(':');
    const upstream = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
    t.teardown(() => upstream.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

function headersOf({ range, 'if-range': validator }: IncomingHttpHeaders): Record<string, string> {
  return { ...(range && { range }), ...(validator && { 'if-range': String(validator) }) };
}

const PROXY_VARIABLES = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'no_proxy', 'NO_PROXY'];

test.serial('the proxy of the environment is asked, but not for hosts that it is not for', async (t) => {
  const before = Object.fromEntries(PROXY_VARIABLES.map((name) => [name, process.env[name]]));
  t.teardown(() => {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  const { base } = await serve(t, (_, response) => response.end('abc'));
  const { url, asked } = await proxy(t);
  for (const name of PROXY_VARIABLES) delete process.env[name];
  process.env.HTTP_PROXY = url;
  const cacheDir = await temporaryFolder(t);
  t.is(await readFile(await download(`${base}one`, { cacheDir, patience }), 'utf8'), 'abc');
  t.is(asked.length, 1);
  t.true(asked[0]?.includes(new URL(base).host));
  process.env.NO_PROXY = 'example.org,127.0.0.1';
  await download(`${base}two`, { cacheDir, patience });
  t.is(asked.length, 1);
});

test.serial('a server that closes the connection behind its answer may be faster than the reader', async (t) => {
  // As `python3 -m http.server` does. So many pieces that some wait, and the last one fills what undici holds.
  const pieces = [...Array.from({ length: 80 }, () => 1000), 40_000, 40_000].map((size, n) =>
    Buffer.alloc(size, `${n};`),
  );
  const sent = Buffer.concat(pieces);
  const server = createTcpServer((socket) => {
    socket.setNoDelay(true).once('data', async () => {
      socket.write(`HTTP/1.0 200 OK\r\nContent-Length: ${sent.length}\r\n\r\n`);
      for (const piece of pieces) {
        await setTimeout(3);
        socket.write(piece);
      }
      socket.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const client = await Client.open(patienceOf());
  t.teardown(() => client.close());
  const { body } = await client.get(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, {}, undefined);
  await setTimeout(800);
  const received: Uint8Array[] = [];
  for await (const piece of body.pieces()) received.push(piece);
  t.true(Buffer.concat(received).equals(sent));
});
