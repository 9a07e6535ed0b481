import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { MillraceError } from '../../../pipeline/errors.ts';
import { download } from '../../../stages/download.ts';
import { temporaryFolder, until } from '../files.ts';
import { serveFile } from '../hostile-server.ts';

const payload = randomBytes(6_000_000);
const sum = createHash('sha256').update(payload).digest('hex');

/** Downloads in a process of its own. */
function child(t: ExecutionContext, url: string, cacheDir: string, shell = ''): ChildProcess {
  const program = `
    import { download } from ${JSON.stringify(new URL('../../../stages/download.ts', import.meta.url))};
    const [url, cacheDir] = process.argv.slice(1);
    await download(url, { cacheDir, patience: { pauseMs: 1, tries: 2 } }).then(
      (path) => console.log(path),
      (error) => console.log(error.code, error.message),
    );`;
  const loader = new URL('../../typescript.mjs', import.meta.url).href;
  const args = [`--import=${loader}`, '--input-type=module', '-e', program, '--', url, cacheDir];
  const running =
    shell === ''
      ? spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
      : spawn('sh', ['-c', `${shell}; exec "$0" "$@"`, process.execPath, ...args], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
  t.teardown(() => running.kill('SIGKILL'));
  return running;
}

async function outputOf({ stdout }: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of stdout!) text += chunk;
  return text;
}

/** What the description of the only part in the cache says, if there is one. */
async function flushedIn(cacheDir: string): Promise<number> {
  const names = await readdir(cacheDir, { recursive: true });
  const name = names.find((one) => one.endsWith('.part.json'));
  if (name === undefined) return 0;
  return (JSON.parse(await readFile(join(cacheDir, name), 'utf8')) as { flushed: number }).flushed;
}

test('a download whose process was killed goes on where it was safe, and never fetches that again', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const stops = [1_200_000, 2_500_000, 0];
  const { base, requests, sent } = await serveFile(
    t,
    () => ({ bytes: payload, etag: '"1"' }),
    (request) => (request < stops.length ? { stallAt: stops[request] as number } : undefined),
  );
  let safe = 0;
  for (const [request, stallAt] of stops.entries()) {
    const running = child(t, `${base}a.zip`, cacheDir);
    // The first bytes that are too few to be flushed are lost with the process.
    await until(async () => sent.length > request && (stallAt === 0 || (await flushedIn(cacheDir)) > safe));
    running.kill('SIGKILL');
    await once(running, 'exit');
    t.is(requests[request]?.range, safe > 0 ? `bytes=${safe}-` : undefined);
    safe = await flushedIn(cacheDir);
    t.true(safe > 0);
  }
  const path = await download(`${base}a.zip`, { cacheDir, sha256: [sum] });
  t.true((await readFile(path)).equals(payload));
  t.is(requests.at(-1)?.range, `bytes=${safe}-`);
  t.is(sent.at(-1), payload.length - safe);
  t.deepEqual((await readdir(join(path, '..'))).sort(), ['a.zip', 'a.zip.json']);
});

test('bytes behind those that were flushed are not trusted', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const { base, requests } = await serveFile(
    t,
    () => ({ bytes: payload, etag: '"1"' }),
    (request) => (request === 0 ? { dropAt: 2_000_000 } : undefined),
  );
  await t.throwsAsync(download(`${base}a`, { cacheDir, patience: { tries: 1 } }));
  const part = join(cacheDir, (await readdir(cacheDir, { recursive: true })).find((name) => name.endsWith('.part'))!);
  // As a crash leaves it: the length is there, the bytes are not.
  const known = await readFile(part);
  await writeFile(part, Buffer.concat([known, Buffer.alloc(500_000)]));
  t.true((await readFile(await download(`${base}a`, { cacheDir }))).equals(payload));
  t.is(requests[1]?.range, `bytes=${known.length}-`);
});

test('half a description, and one of another URL, are none', async (t) => {
  for (const text of ['{"url": "ht', '{}', '{"url": "http://other/", "flushed": 5}', '[]']) {
    const cacheDir = await temporaryFolder(t);
    const { base, requests } = await serveFile(
      t,
      () => ({ bytes: payload, etag: '"1"' }),
      (request) => (request === 0 ? { dropAt: 2_000_000 } : undefined),
    );
    await t.throwsAsync(download(`${base}a`, { cacheDir, patience: { tries: 1 } }));
    const names = await readdir(cacheDir, { recursive: true });
    await writeFile(join(cacheDir, names.find((name) => name.endsWith('.part.json'))!), text);
    t.true((await readFile(await download(`${base}a`, { cacheDir }))).equals(payload));
    t.is(requests[1]?.range, undefined, text);
  }
});

test('what was all there when the process ended needs no byte from the network', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const { base, sent } = await serveFile(t, () => ({ bytes: payload, etag: '"1"' }));
  const path = await download(`${base}a`, { cacheDir });
  // As it was just before it was put in its place.
  const part = `${path}.part`;
  await writeFile(part, payload);
  await writeFile(
    `${part}.json`,
    JSON.stringify({ url: `${base}a`, etag: '"1"', total: payload.length, flushed: payload.length }),
  );
  await rm(path);
  t.is(await download(`${base}a`, { cacheDir }), path);
  t.true((await readFile(path)).equals(payload));
  t.deepEqual(sent, [payload.length, 0]);
});

test('two processes that want the same file: one fetches it, and both have it', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const { base, sent } = await serveFile(
    t,
    () => ({ bytes: payload, etag: '"1"' }),
    () => ({ drip: 100_000 }),
  );
  const outputs = await Promise.all([1, 2, 3].map(() => outputOf(child(t, `${base}a`, cacheDir))));
  t.is(new Set(outputs).size, 1);
  t.true((await readFile((outputs[0] as string).trim())).equals(payload));
  t.is(
    sent.reduce((sum, bytes) => sum + bytes, 0),
    payload.length,
  );
});

test('one that waits for a process that was killed takes over', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const { base, requests, sent } = await serveFile(
    t,
    () => ({ bytes: payload, etag: '"1"' }),
    (request) => (request === 0 ? { stallAt: 2_000_000 } : undefined),
  );
  const first = child(t, `${base}a`, cacheDir);
  await until(async () => sent.length > 0 && (await flushedIn(cacheDir)) > 0);
  const second = new Promise<string>((resolve, reject) => {
    const onProgress = ({ waiting }: { waiting?: true }) => {
      if (waiting) first.kill('SIGKILL');
    };
    download(`${base}a`, { cacheDir, onProgress }).then(resolve, reject);
  });
  t.true((await readFile(await second)).equals(payload));
  t.regex(requests[1]?.range ?? '', /^bytes=[1-9]/);
});

test('a file that may not grow any more is an error, and goes on when it may', async (t) => {
  if (process.platform === 'win32') return t.pass();
  const cacheDir = await temporaryFolder(t);
  const { base, requests } = await serveFile(t, () => ({ bytes: payload, etag: '"1"' }));
  // The shell counts in blocks of 512 bytes: 2 MiB.
  const output = await outputOf(child(t, `${base}a`, cacheDir, 'ulimit -f 4096'));
  t.regex(output, /^MILLRACE_HTTP .*no room for the download in the cache folder.*--cache-dir/s);
  const safe = await flushedIn(cacheDir);
  t.true(safe > 0 && safe <= 4096 * 512);
  t.true((await readFile(await download(`${base}a`, { cacheDir }))).equals(payload));
  t.is(requests.at(-1)?.range, `bytes=${safe}-`);
  t.false(output.includes(MillraceError.name), 'a readable message');
});
