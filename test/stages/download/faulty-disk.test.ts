import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import test from 'ava';
import { MillraceError } from '../../../pipeline/errors.ts';
import { download } from '../../../stages/download.ts';
import { openSource } from '../../../stages/source.ts';
import { writeFileAtomic } from '../../../stages/write-file.ts';
import { assertClosed, collect, temporaryFolder, zipOf } from '../files.ts';
import { serveFile } from '../hostile-server.ts';

const own = ['open', 'rename', 'rm', 'writeFile', 'readFile', 'stat', 'readdir', 'mkdir', 'utimes'] as const;
const ofHandle = ['read', 'write', 'sync', 'datasync', 'truncate', 'stat'] as const;

/**
 * Lets one call to the file system fail while `work` goes on; each test here runs alone, as there is only one.
 *
 * @param number of the call that fails
 * @returns whether there were so many calls
 */
async function withFault(number: number, code: string, folder: string, work: () => Promise<unknown>): Promise<boolean> {
  let calls = 0;
  let failed = false;
  const failing = <F extends (...args: never[]) => unknown>(original: F, isOurs: (args: never[]) => boolean): F =>
    function (this: unknown, ...args: never[]) {
      if (!isOurs(args) || calls++ !== number || failed) return original.apply(this, args);
      failed = true;
      return Promise.reject(Object.assign(new Error(`${code}: injected`), { code, syscall: original.name }));
    } as F;
  const handle = await fs.open(folder, 'r');
  const prototype = Object.getPrototypeOf(handle) as Record<string, (...args: never[]) => unknown>;
  await handle.close();
  const before = { own: own.map((name) => fs[name]), ofHandle: ofHandle.map((name) => prototype[name]!) };
  const isInFolder = ([path]: unknown[]) => String(path).startsWith(folder);
  for (const [i, name] of own.entries()) Object.assign(fs, { [name]: failing(before.own[i] as never, isInFolder) });
  for (const [i, name] of ofHandle.entries()) prototype[name] = failing(before.ofHandle[i]!, () => true);
  syncBuiltinESMExports();
  try {
    await work();
  } finally {
    for (const [i, name] of own.entries()) Object.assign(fs, { [name]: before.own[i] });
    for (const [i, name] of ofHandle.entries()) prototype[name] = before.ofHandle[i]!;
    syncBuiltinESMExports();
  }
  return failed;
}

const payload = randomBytes(1_300_000);
const patience = { pauseMs: 1, tries: 2 };

test.serial(
  'whichever call to the disk fails, the copy is right or there is none, and the next run succeeds',
  async (t) => {
    for (let number = 0, failed = true; failed; number++) {
      const cacheDir = await temporaryFolder(t);
      const { base, close } = await serveFile(
        t,
        () => ({ bytes: payload, etag: '"1"' }),
        (request) => (request === 0 ? { dropAt: 1_200_000 } : undefined),
      );
      const outcome: { path?: string } = {};
      failed = await withFault(number, number % 2 ? 'ENOSPC' : 'EIO', cacheDir, async () => {
        try {
          outcome.path = await download(`${base}a.bin`, { cacheDir, patience });
        } catch (error) {
          t.true(error instanceof MillraceError, `call ${number}: ${(error as Error).stack}`);
        }
      });
      if (outcome.path !== undefined) t.true((await fs.readFile(outcome.path)).equals(payload), `call ${number}`);
      await assertClosed(t, cacheDir);
      const path = await download(`${base}a.bin`, { cacheDir, patience });
      t.true((await fs.readFile(path)).equals(payload), `after call ${number}`);
      await close();
    }
  },
);

test.serial('so it is with an entry of a zip', async (t) => {
  const data = randomBytes(1_060_000);
  const bytes = zipOf([
    { name: 'a', data: randomBytes(1_070_000), method: 0 },
    { name: 'b', data, method: 0 },
  ]);
  for (let number = 0, failed = true; failed; number++) {
    const cacheDir = await temporaryFolder(t);
    const { base, close } = await serveFile(t, () => ({ bytes, etag: '"1"' }));
    failed = await withFault(number, number % 2 ? 'ENOSPC' : 'EIO', cacheDir, async () => {
      try {
        t.true((await collect(t, openSource(`${base}a.zip#b`, { cacheDir, patience }))).equals(data), `call ${number}`);
      } catch (error) {
        t.true(error instanceof MillraceError, `call ${number}: ${(error as Error).stack}`);
      }
    });
    await assertClosed(t, cacheDir);
    t.true((await collect(t, openSource(`${base}a.zip#b`, { cacheDir, patience }))).equals(data), `after ${number}`);
    await close();
  }
});

test.serial('a full disk is told of as such, and what has arrived is kept', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const { base } = await serveFile(t, () => ({ bytes: payload, etag: '"1"' }));
  const messages: string[] = [];
  for (let number = 0, failed = true; failed; number++) {
    failed = await withFault(number, 'ENOSPC', cacheDir, async () => {
      const error = await download(`${base}${number}`, { cacheDir, patience }).catch((thrown: Error) => thrown);
      if (error instanceof MillraceError) messages.push(error.message);
    });
  }
  t.true(messages.length > 5);
  t.true(
    messages.some((message) => /no room for the download in the cache folder; what has arrived is kept/.test(message)),
  );
});

test.serial('a file is written whole or not at all, whichever call fails', async (t) => {
  for (let number = 0, failed = true; failed; number++) {
    const folder = await temporaryFolder(t);
    const path = join(folder, 'file');
    await writeFileAtomic(path, 'before');
    failed = await withFault(number, 'EIO', folder, () => writeFileAtomic(path, 'after').catch(() => {}));
    t.regex(await fs.readFile(path, 'utf8'), /^(before|after)$/);
    t.deepEqual(await fs.readdir(folder), ['file'], `call ${number}`);
    await assertClosed(t, folder);
  }
});
