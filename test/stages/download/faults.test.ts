import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import test, { type ExecutionContext } from 'ava';
import { MillraceError } from '../../../pipeline/errors.ts';
import { download } from '../../../stages/download.ts';
import { assertClosed, codeOf, temporaryFolder, until } from '../files.ts';
import { type Fault, serveFile } from '../hostile-server.ts';

const payload = randomBytes(3_500_000);
const file = { bytes: payload, etag: '"1"' };
/** What the HTTP client may have taken from the network, but not yet have handed on when the connection drops. */
const IN_FLIGHT = 1 << 18;
/** As patient as tests can be. */
const patience = { pauseMs: 1, longestPauseMs: 10 };

async function assertHolds(t: ExecutionContext, path: string, bytes: Uint8Array): Promise<void> {
  t.true((await readFile(path)).equals(bytes), 'the copy differs');
}

async function partsIn(cacheDir: string): Promise<string[]> {
  return (await readdir(cacheDir, { recursive: true })).filter((name) => name.endsWith('.part'));
}

async function failureOf(t: ExecutionContext, work: Promise<unknown>): Promise<MillraceError> {
  return (await t.throwsAsync(work, { instanceOf: MillraceError })) as MillraceError;
}

test('a connection that drops, wherever it does, costs no more than what was just on its way', async (t) => {
  for (const dropAt of [0, 1, 4095, 4096, 65_536, 1 << 20, (1 << 20) + 1, payload.length - 1]) {
    const cacheDir = await temporaryFolder(t);
    const { base, requests, sent } = await serveFile(
      t,
      () => file,
      (request) => (request === 0 ? { dropAt } : undefined),
    );
    await assertHolds(t, await download(`${base}a.zip`, { cacheDir, patience }), payload);
    t.is(requests.length, 2, `${dropAt}`);
    const from = /^bytes=(\d+)-$/.exec(requests[1]?.range ?? 'bytes=0-')?.[1];
    t.true(Number(from) <= dropAt && Number(from) >= dropAt - IN_FLIGHT, `${from} of ${dropAt}`);
    t.is(Number(from) + sent[1]!, payload.length);
    t.deepEqual(await partsIn(cacheDir), []);
    await assertClosed(t, cacheDir);
  }
});

test('a connection that drops again and again gets to the end, as each time something comes', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const { base, requests } = await serveFile(
    t,
    () => file,
    () => ({ dropAt: 1_500_000 }),
  );
  await assertHolds(t, await download(base, { cacheDir, patience: { ...patience, tries: 2 } }), payload);
  t.true(requests.length >= 3);
});

test('what fails for good stays for the next time, and is not fetched again', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const { base, requests } = await serveFile(
    t,
    () => file,
    (request) => (request < 2 ? { dropAt: request === 0 ? 1_500_000 : 0 } : undefined),
  );
  t.is(await codeOf(t, download(base, { cacheDir, patience: { ...patience, tries: 2 } })), 'MILLRACE_HTTP');
  t.is((await partsIn(cacheDir)).length, 1);
  await assertHolds(t, await download(base, { cacheDir, patience }), payload);
  t.deepEqual(
    requests.map(({ range, 'if-range': validator }) => [range, validator]),
    [
      [undefined, undefined],
      [requests[1]?.range, '"1"'],
      [requests[1]?.range, '"1"'],
    ],
  );
  t.regex(requests[1]?.range ?? '', /^bytes=1[345]\d{5}-$/);
  t.deepEqual(await partsIn(cacheDir), []);
});

test('an abort keeps what has arrived', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const controller = new AbortController();
  const { base, requests } = await serveFile(
    t,
    () => file,
    (request) => (request === 0 ? { stallAt: 2_000_000 } : undefined),
  );
  const reason = new Error('enough');
  const onProgress = ({ received }: { received: number }) => received === 2_000_000 && controller.abort(reason);
  t.is(await t.throwsAsync(download(base, { cacheDir, onProgress, signal: controller.signal })), reason);
  await assertClosed(t, cacheDir);
  await assertHolds(t, await download(base, { cacheDir }), payload);
  t.is(requests[1]?.range, 'bytes=2000000-');
});

test('a part of another version starts over', async (t) => {
  const cacheDir = await temporaryFolder(t);
  let served = file;
  const { base, requests } = await serveFile(
    t,
    () => served,
    (request) => (request === 0 ? { dropAt: 1_500_000 } : undefined),
  );
  await t.throwsAsync(download(base, { cacheDir, patience: { tries: 1 } }));
  const other = randomBytes(100_000);
  served = { bytes: other, etag: '"2"' };
  await assertHolds(t, await download(base, { cacheDir, patience }), other);
  t.is(requests.length, 2);
});

test('a part that is as long as a file that became shorter starts over', async (t) => {
  const cacheDir = await temporaryFolder(t);
  let served = file;
  const { base, requests } = await serveFile(
    t,
    () => served,
    (request) => (request === 0 ? { dropAt: 1_500_000 } : undefined),
  );
  await t.throwsAsync(download(base, { cacheDir, patience: { tries: 1 } }));
  // A careless server keeps the ETag: what is asked for then lies behind the end, and the answer is 416.
  served = { bytes: payload.subarray(0, 1_000_000), etag: '"1"' };
  await assertHolds(t, await download(base, { cacheDir, patience }), served.bytes);
  t.is(requests.length, 3);
});

test('a part without a validator is not trusted', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const { base, requests } = await serveFile(
    t,
    () => ({ bytes: payload }),
    (request) => (request === 0 ? { dropAt: 1_500_000 } : undefined),
  );
  await t.throwsAsync(download(base, { cacheDir, patience: { tries: 1 } }));
  await assertHolds(t, await download(base, { cacheDir, patience }), payload);
  t.is(requests[1]?.range, undefined);
});

const mended: Record<string, Fault> = {
  'the whole in place of the rest': { whole: true },
  'another range than the rest': { shift: 7 },
  'a length that is too long': { lie: 1000 },
  'a length that is too short': { lie: -1000 },
};
for (const [name, fault] of Object.entries(mended)) {
  test(`${name} is mended`, async (t) => {
    const cacheDir = await temporaryFolder(t);
    const faults: (Fault | undefined)[] = [{ dropAt: 1_500_000 }, fault];
    const { base } = await serveFile(
      t,
      () => file,
      (request) => faults[request],
    );
    await assertHolds(t, await download(base, { cacheDir, patience }), payload);
    t.deepEqual(await partsIn(cacheDir), []);
  });
}

test('a file that changes while it is fetched is never mixed with what it was', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const other = randomBytes(payload.length);
  let number = 0;
  const { base, requests } = await serveFile(
    t,
    () => (number++ === 0 ? file : { bytes: other, etag: '"2"' }),
    (request) => (request === 0 ? { dropAt: 1_500_000 } : undefined),
  );
  await assertHolds(t, await download(base, { cacheDir, patience }), other);
  t.is(requests.length, 2);
});

test('a server that says nothing more is left, and asked for the rest', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const { base, requests } = await serveFile(
    t,
    () => file,
    (request) => (request === 0 ? { stallAt: 1_500_000 } : undefined),
  );
  await assertHolds(t, await download(base, { cacheDir, patience: { ...patience, idleMs: 100 } }), payload);
  t.is(requests[1]?.range, 'bytes=1500000-');
});

test('a server that never answers is an error in the end', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const { base, requests } = await serveFile(
    t,
    () => file,
    () => ({ stallAt: 0 }),
  );
  const short = { ...patience, idleMs: 50, tries: 2 };
  t.is(await codeOf(t, download(base, { cacheDir, patience: short })), 'MILLRACE_HTTP');
  t.is(requests.length, 2);
});

test('a slow drip is borne, unless the time for all of it is up; then it is kept', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const bytes = randomBytes(50_000);
  const { base, requests } = await serveFile(
    t,
    () => ({ bytes, etag: '"1"' }),
    (request) => [{ drip: 1000 }, { stallAt: 1000, drip: 100 }][request],
  );
  await assertHolds(t, await download(`${base}one`, { cacheDir, patience: { ...patience, idleMs: 5000 } }), bytes);
  const short = download(`${base}two`, { cacheDir, patience: { ...patience, idleMs: 5000, totalMs: 1000 } });
  t.regex((await failureOf(t, short)).message, /takes longer than it may; expected 1000 ms at most/);
  await assertHolds(t, await download(`${base}two`, { cacheDir, patience }), bytes);
  t.is(requests[2]?.range, 'bytes=1000-');
});

test('429 and 503 are waited for as long as the server says, up to a bound', async (t) => {
  const later = (seconds: number) => new Date(Date.now() + 1000 * seconds).toUTCString();
  for (const retryAfter of ['1', later(1), '100000', later(100_000), 'soon', undefined]) {
    const cacheDir = await temporaryFolder(t);
    const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
    const { base, requests } = await serveFile(
      t,
      () => file,
      (request) => (request < 2 ? { status: request === 0 ? 429 : 503, headers } : undefined),
    );
    await assertHolds(t, await download(base, { cacheDir, patience }), payload);
    t.is(requests.length, 3);
  }
});

test('a web page where an archive was expected is refused with its first words, and not kept', async (t) => {
  const page =
    '<!DOCTYPE html><html><head><style>b{}</style><title>Sign in</title></head><body>to <b>go on</b></body></html>';
  const long = page.replace('</body>', `${'x'.repeat(9000)}</body>`);
  for (const body of [page, `\n ${long}`]) {
    const cacheDir = await temporaryFolder(t);
    const { base, requests } = await serveFile(t, () => ({ bytes: Buffer.from(body), etag: '"1"' }));
    const error = await failureOf(t, download(`${base}data/corpus.zip?x=1`, { cacheDir, patience }));
    t.is(error.code, 'MILLRACE_HTTP');
    t.regex(
      error.message,
      /a web page instead of the file; expected a file named as corpus\.zip, found "Sign in to go on/,
    );
    t.is(requests.length, 1);
    t.deepEqual(await partsIn(cacheDir), []);
  }
});

test('a wrong SHA-256 is an error, and the file is not kept', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const right = createHash('sha256').update(payload).digest('hex');
  const wrong = 'ab'.repeat(32);
  const { base, requests } = await serveFile(t, () => file);
  const error = await failureOf(t, download(base, { cacheDir, sha256: [wrong] }));
  t.is(error.code, 'MILLRACE_CHECKSUM');
  t.is(error.expected, `SHA-256 ${wrong}`);
  t.is(error.found, right);
  t.deepEqual(
    (await readdir(cacheDir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()),
    [],
  );
  await assertHolds(t, await download(base, { cacheDir, sha256: [wrong, right.toUpperCase()] }), payload);
  // A copy that will not do for one who gives another sum is fetched anew, and stays for those for whom it will.
  t.is(await codeOf(t, download(base, { cacheDir, sha256: [wrong] })), 'MILLRACE_CHECKSUM');
  await assertHolds(t, await download(base, { cacheDir }), payload);
  t.deepEqual(
    requests.map((headers) => headers['if-none-match']),
    [undefined, undefined, undefined, '"1"'],
  );
});

test('two that want the same file at once: one fetches it, the others wait, and say so', async (t) => {
  const cacheDir = await temporaryFolder(t);
  let waiting = 0;
  const onProgress = (progress: { waiting?: true }) => {
    if (progress.waiting) waiting++;
  };
  const { base, requests } = await serveFile(
    t,
    () => file,
    () => ({ drip: 200_000 }),
  );
  const paths = await Promise.all([1, 2, 3].map(() => download(base, { cacheDir, onProgress })));
  t.is(new Set(paths).size, 1);
  await assertHolds(t, paths[0]!, payload);
  t.is(requests.length, 1);
  t.is(waiting, 2);
});

test('one that waits can be aborted', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const first = new AbortController();
  const second = new AbortController();
  const reason = new Error('enough');
  const { base, requests } = await serveFile(
    t,
    () => file,
    () => ({ stallAt: 10 }),
  );
  const working = t.throwsAsync(download(base, { cacheDir, signal: first.signal }));
  await until(() => requests.length > 0);
  const onProgress = () => second.abort(reason);
  t.is(await t.throwsAsync(download(base, { cacheDir, signal: second.signal, onProgress })), reason);
  first.abort(reason);
  t.is(await working, reason);
  t.is(requests.length, 1);
});
