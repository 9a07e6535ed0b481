import { randomBytes } from 'node:crypto';
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { MillraceError } from '../../pipeline/errors.ts';
import { type DownloadProgress, defaultCacheDir, download } from '../../stages/download.ts';
import { assertClosed, codeOf, temporaryFolder, until } from './files.ts';
import { serve } from './server.ts';

const payload = randomBytes(300_000);

async function assertHolds(t: ExecutionContext, path: string, bytes: Uint8Array): Promise<void> {
  t.true((await readFile(path)).equals(bytes), 'the copy differs');
}

/** The cache holds whole files and their descriptions, nothing begun. */
async function assertTidy(t: ExecutionContext, cacheDir: string): Promise<void> {
  const left = (await readdir(cacheDir, { recursive: true })).filter((name) => name.includes('.part'));
  t.deepEqual(left, []);
  await assertClosed(t, cacheDir);
}

/** Sends these bytes, all of them, and closes the connection. */
function breakOff(response: ServerResponse, bytes: Uint8Array): void {
  response.write(bytes);
  response.socket?.end();
}

/** Answers with the rest of the payload when asked for it, the way static file servers do. */
function sendRange({ headers }: IncomingMessage, response: ServerResponse, etag: string, most = Infinity): void {
  const asked = /^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1];
  const start = asked !== undefined && headers['if-range'] === etag ? Number(asked) : 0;
  const rest = payload.subarray(start);
  const range = start > 0 && { 'content-range': `bytes ${start}-${payload.length - 1}/${payload.length}` };
  response.writeHead(start > 0 ? 206 : 200, { 'content-length': rest.length, etag, ...range });
  if (rest.length <= most) response.end(rest);
  else breakOff(response, rest.subarray(0, most));
}

test('a file arrives whole, with its progress', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const { base } = await serve(t, (_, response) => {
    response.setHeader('content-length', payload.length);
    response.end(payload);
  });
  const seen: DownloadProgress[] = [];
  const path = await download(`${base}some/file.bin?x=1`, { cacheDir, onProgress: (event) => seen.push(event) });
  t.true(path.endsWith('file.bin'));
  await assertHolds(t, path, payload);
  t.deepEqual(seen.at(-1), { url: `${base}some/file.bin?x=1`, received: payload.length, total: payload.length });
  t.true(seen.every(({ received }, i) => received > (seen[i - 1]?.received ?? 0)));
  await assertTidy(t, cacheDir);
});

test('an empty file, and one of unknown length', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const { base } = await serve(t, (request, response) => response.end(request.url === '/none' ? '' : 'abc'));
  await assertHolds(t, await download(`${base}none`, { cacheDir }), new Uint8Array(0));
  await assertHolds(t, await download(`${base}abc`, { cacheDir }), Buffer.from('abc'));
});

test('a copy without a version is used without a question', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const { base, requests } = await serve(t, (_, response) => response.end('abc'));
  t.is(await download(base, { cacheDir }), await download(base, { cacheDir }));
  t.is(requests.length, 1);
});

test('a copy with a version is asked about, and fetched again when it is old', async (t) => {
  const cacheDir = await temporaryFolder(t);
  let version = 1;
  const { base, requests } = await serve(t, ({ headers }, response) => {
    const etag = `W/"${version}"`;
    response.writeHead(headers['if-none-match'] === etag ? 304 : 200, { etag });
    response.end(headers['if-none-match'] === etag ? '' : `version ${version}`);
  });
  const path = await download(base, { cacheDir });
  await download(base, { cacheDir });
  t.deepEqual(
    requests.map((headers) => headers['if-none-match']),
    [undefined, 'W/"1"'],
  );
  await assertHolds(t, path, Buffer.from('version 1'));
  version = 2;
  t.is(await download(base, { cacheDir }), path);
  await assertHolds(t, path, Buffer.from('version 2'));
  await assertTidy(t, cacheDir);
});

test('a copy works offline, and when the server is ill', async (t) => {
  const cacheDir = await temporaryFolder(t);
  let status = 200;
  const server = await serve(t, (_, response) => {
    response.writeHead(status, { 'last-modified': 'Sun, 01 Nov 2015 00:00:00 GMT' });
    response.end('abc');
  });
  const path = await download(server.base, { cacheDir });
  status = 503;
  t.is(await download(server.base, { cacheDir }), path);
  t.is(server.requests[1]?.['if-modified-since'], 'Sun, 01 Nov 2015 00:00:00 GMT');
  await server.close();
  t.is(await download(server.base, { cacheDir }), path);
  await assertHolds(t, path, Buffer.from('abc'));
  await assertTidy(t, cacheDir);
});

test('a copy that is not whole, or has lost its description, is fetched again', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const { base, requests } = await serve(t, (_, response) => response.end(payload));
  const path = await download(base, { cacheDir });
  await truncate(path, 1000);
  await assertHolds(t, await download(base, { cacheDir }), payload);
  await writeFile(`${path}.json`, '{"si');
  await assertHolds(t, await download(base, { cacheDir }), payload);
  t.is(requests.length, 3);
});

/** What a download asks for that goes on where it was, when it had so many bytes before each request. */
function ranges(received: readonly number[]): (string | undefined)[] {
  return received.map((bytes) => (bytes > 0 ? `bytes=${bytes}-` : undefined));
}

test('what breaks off goes on where it was', async (t) => {
  const cacheDir = await temporaryFolder(t);
  let received = 0;
  const before: number[] = [];
  const { base, requests } = await serve(t, (request, response) => {
    before.push(received);
    sendRange(request, response, '"1"', requests.length < 3 ? 120_000 : Infinity);
  });
  const onProgress = (progress: DownloadProgress) => {
    ({ received } = progress);
    t.is(progress.total, payload.length);
  };
  await assertHolds(t, await download(base, { cacheDir, onProgress }), payload);
  t.is(requests.length, 3);
  t.deepEqual(
    requests.map(({ range }) => range),
    ranges(before),
  );
  await assertTidy(t, cacheDir);
});

test('what changes between two tries starts again', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const { base, requests } = await serve(t, (request, response) => {
    const tries = requests.length;
    sendRange(request, response, `"${tries}"`, tries === 1 ? 120_000 : Infinity);
  });
  await assertHolds(t, await download(base, { cacheDir }), payload);
  t.is(requests[1]?.['if-range'], '"1"');
});

test('a server that is ill for a while does not cost what has been received', async (t) => {
  const cacheDir = await temporaryFolder(t);
  let received = 0;
  const before: number[] = [];
  const { base, requests } = await serve(t, (request, response) => {
    before.push(received);
    if (requests.length !== 2) return sendRange(request, response, '"1"', requests.length === 1 ? 120_000 : Infinity);
    response.statusCode = 503;
    response.end();
  });
  const path = await download(base, { cacheDir, onProgress: (progress) => ({ received } = progress) });
  await assertHolds(t, path, payload);
  t.is(before[1], before[2]);
  t.deepEqual(
    requests.map(({ range }) => range),
    ranges(before),
  );
});

test('a newer version that breaks off is not given up for the old one', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const { base, requests } = await serve(t, (request, response) => {
    if (requests.length > 1) return sendRange(request, response, '"2"', requests.length === 2 ? 200_000 : Infinity);
    response.setHeader('etag', '"1"');
    response.end('old');
  });
  await assertHolds(t, await download(base, { cacheDir }), Buffer.from('old'));
  await assertHolds(t, await download(base, { cacheDir }), payload);
  t.is(requests.length, 3);
  t.is(requests[2]?.['if-range'], '"2"');
});

test('a server that sends another range, or none, is asked for the whole', async (t) => {
  for (const reply of [206, 416, 200]) {
    const cacheDir = await temporaryFolder(t);
    const { base, requests } = await serve(t, (request, response) => {
      if (requests.length === 1) return sendRange(request, response, '"1"', 120_000);
      if (requests.length > 2 || reply === 200) return sendRange({ headers: {} } as IncomingMessage, response, '"1"');
      response.writeHead(reply, { 'content-range': `bytes 7-${payload.length - 1}/${payload.length}`, etag: '"1"' });
      response.end(payload.subarray(7));
    });
    await assertHolds(t, await download(base, { cacheDir }), payload);
    t.is(requests.length, reply === 200 ? 2 : 3);
  }
});

test('a server that always breaks off, without ranges, is given up', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const { base, requests } = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-length': 1000 });
    breakOff(response, Buffer.from('abc'));
  });
  const patience = { tries: 4, pauseMs: 1 };
  t.is(await codeOf(t, download(base, { cacheDir, patience })), 'MILLRACE_HTTP');
  t.is(requests.length, 4);
  t.true(requests.every(({ range }) => range === undefined));
  await assertClosed(t, cacheDir);
});

test('503, then well again', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const { base, requests } = await serve(t, (_, response) => {
    response.statusCode = requests.length < 3 ? 503 : 200;
    response.end(response.statusCode === 200 ? 'abc' : 'try later');
  });
  await assertHolds(t, await download(base, { cacheDir }), Buffer.from('abc'));
  t.is(requests.length, 3);
});

test('404 is final, and says what to do', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const { base, requests } = await serve(t, (_, response) => {
    response.statusCode = 404;
    response.end('no such page');
  });
  const error = await t.throwsAsync(download(`${base}gone.zip`, { cacheDir }), { instanceOf: MillraceError });
  t.is(error.code, 'MILLRACE_HTTP');
  t.is(error.origin?.source, `${base}gone.zip`);
  t.regex(error.message, /status 404.*MILLRACE_MIRROR/);
  t.is(requests.length, 1);
  await assertTidy(t, cacheDir);
});

test('redirects are followed, but not in circles', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const { base, requests } = await serve(t, ({ url }, response) => {
    if (url === '/to') return response.end('abc');
    response.writeHead(302, { location: url === '/from' ? '/to' : '/circle' });
    response.end();
  });
  await assertHolds(t, await download(`${base}from`, { cacheDir }), Buffer.from('abc'));
  t.is(requests.length, 2);
  const error = await t.throwsAsync(download(`${base}circle`, { cacheDir }), { instanceOf: MillraceError });
  t.is(error.code, 'MILLRACE_HTTP');
  t.true(requests.length <= 13, `${requests.length} requests`);
});

test('more bytes than promised never pass for the file', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const { base } = await serve(t, (_, response) => {
    response.socket?.end('HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabcdef');
  });
  // By HTTP the body ends after three bytes; the rest is noise that a client may or may not stumble over.
  try {
    await assertHolds(t, await download(base, { cacheDir }), Buffer.from('abc'));
  } catch (error) {
    t.true(error instanceof MillraceError);
  }
  await assertTidy(t, cacheDir);
});

test('a body that was compressed for the way is stored plain', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const { base, requests } = await serve(t, ({ url }, response) => {
    const packed = url === '/liar' ? payload : gzipSync(payload);
    response.writeHead(200, { 'content-encoding': url === '/br' ? 'br' : 'gzip', 'content-length': packed.length });
    response.end(packed);
  });
  await assertHolds(t, await download(base, { cacheDir }), payload);
  t.is(requests[0]?.['accept-encoding'], 'identity');
  await download(base, { cacheDir });
  t.is(requests.length, 1);
  t.is(await codeOf(t, download(`${base}liar`, { cacheDir })), 'MILLRACE_BAD_ARCHIVE');
  t.is(await codeOf(t, download(`${base}br`, { cacheDir })), 'MILLRACE_HTTP');
  await assertTidy(t, cacheDir);
});

test('abort stops a slow server, before and within its answer, and leaves nothing open', async (t) => {
  const reason = new Error('enough');
  for (const answers of [false, true]) {
    const cacheDir = await temporaryFolder(t);
    const { base, requests } = await serve(t, (_, response) => {
      if (answers) response.write('a little');
    });
    const controller = new AbortController();
    const started = { received: 0 };
    const pending = download(base, {
      cacheDir,
      signal: controller.signal,
      onProgress: ({ received }) => {
        started.received = received;
      },
    });
    const outcome = t.throwsAsync(pending);
    await until(() => (answers ? started.received > 0 : requests.length > 0));
    controller.abort(reason);
    t.is(await outcome, reason);
    await assertClosed(t, cacheDir);
  }
  t.is(await t.throwsAsync(download('http://127.0.0.1:1/', { signal: AbortSignal.abort(reason) })), reason);
});

test('abort ends the pause between two tries', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const controller = new AbortController();
  const reason = new Error('enough');
  const { base, requests } = await serve(t, (_, response) => {
    response.statusCode = 503;
    response.end(() => setTimeout(() => controller.abort(reason), 20));
  });
  t.is(await t.throwsAsync(download(base, { cacheDir, signal: controller.signal })), reason);
  t.is(requests.length, 1);
});

test('two URLs never share a copy', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const { base } = await serve(t, ({ url }, response) => response.end(url));
  const paths = await Promise.all(['a/x', 'b/x', 'a/x?q'].map((name) => download(base + name, { cacheDir })));
  t.is(new Set(paths.map(dirname)).size, 3);
  for (const [i, url] of ['/a/x', '/b/x', '/a/x?q'].entries()) await assertHolds(t, paths[i]!, Buffer.from(url));
});

test('no server, and no room for a cache', async (t) => {
  const folder = await temporaryFolder(t);
  const { base, close } = await serve(t, (_, response) => response.end('abc'));
  const file = join(folder, 'file');
  await writeFile(file, '');
  const error = await t.throwsAsync(download(base, { cacheDir: file }), { instanceOf: MillraceError });
  t.regex(error.message, /cannot be written to the cache folder.*--cache-dir/);
  await close();
  const patience = { pauseMs: 1 };
  t.is(await codeOf(t, download(base, { cacheDir: join(folder, 'cache'), patience })), 'MILLRACE_HTTP');
});

test.serial('the cache folder follows the environment', (t) => {
  const { MILLRACE_CACHE, XDG_CACHE_HOME } = process.env;
  t.teardown(() => {
    for (const [name, value] of Object.entries({ MILLRACE_CACHE, XDG_CACHE_HOME })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  process.env.XDG_CACHE_HOME = join('/', 'xdg');
  process.env.MILLRACE_CACHE = join('/', 'own');
  t.is(defaultCacheDir(), join('/', 'own'));
  delete process.env.MILLRACE_CACHE;
  t.is(defaultCacheDir(), join('/', 'xdg', 'millrace'));
  delete process.env.XDG_CACHE_HOME;
  t.true(defaultCacheDir().endsWith(join('.cache', 'millrace')));
});
