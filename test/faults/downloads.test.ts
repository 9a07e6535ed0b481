import test, { type ExecutionContext } from 'ava';
import { Random } from '../../pipeline/random.ts';
import { download, pathOfCopy } from '../../stages/download.ts';
import { openSource } from '../../stages/source.ts';
import { collect, zipOf } from '../stages/files.ts';
import { type Fault, serveFile } from '../stages/hostile-server.ts';
import { ALL, digestOf, type Job, tryEveryFault } from './every-fault.ts';

/** As patient as tests can be. */
const patience = { pauseMs: 1, longestPauseMs: 2, tries: 2 };
const random = new Random(6);
const bytesOf = (length: number) => Buffer.from(Uint8Array.from({ length }, () => random.next() >>> 24));
const a = bytesOf(1_100_000);
const b = bytesOf(60_000);
const zip = zipOf([
  { name: 'a', data: a, method: 0 },
  { name: 'b', data: b, method: 0 },
]);

/** A job whose server drops the first connection of each try. */
async function jobWith(
  t: ExecutionContext,
  bytes: Buffer,
  faultOf: (request: number) => Fault | undefined,
  work: (base: string, cacheDir: string) => Promise<void>,
): Promise<Job> {
  let first = 0;
  const server = await serveFile(
    t,
    () => ({ bytes, etag: '"1"' }),
    (request) => faultOf(request - first),
  );
  return {
    work(folder) {
      first = server.requests.length;
      return work(server.base, folder);
    },
    essence: (name, found) => {
      // Begun on purpose, to go on there; of a copy with holes each entry that is read vouches for itself.
      if (/\.(part|part\.json|pieces|pieces\.json)$/.test(name)) return undefined;
      if (!name.endsWith('.json')) return digestOf(found);
      const { modified: _, ...copy } = JSON.parse(found.toString()) as Record<string, unknown>;
      return copy;
    },
  };
}

test.serial('a download is right or not there, whatever call fails', async (t) => {
  const fault = (request: number) => (request === 0 ? { dropAt: 1_080_000 } : undefined);
  const job = await jobWith(t, zip, fault, async (base, cacheDir) => {
    const path = await download(`${base}a.zip`, { cacheDir, patience });
    t.is(path, pathOfCopy(`${base}a.zip`, { cacheDir }));
  });
  await tryEveryFault(t, job);
});

// It is little more than the two others together, and takes as long.
(ALL ? test.serial : test.serial.skip)(
  'an entry of a zip that is downloaded whole is read right or not, whatever call fails',
  async (t) => {
    const job = await jobWith(
      t,
      zip,
      () => undefined,
      async (base, cacheDir) => {
        t.true((await collect(t, openSource(`${base}a.zip#a`, { cacheDir, patience }))).equals(a));
      },
    );
    await tryEveryFault(t, job);
  },
);

test.serial('a stream is read right or not while it arrives, whatever call fails', async (t) => {
  const job = await jobWith(
    t,
    a,
    () => undefined,
    async (base, cacheDir) => {
      t.true((await collect(t, openSource(`${base}a.txt`, { cacheDir, patience }))).equals(a));
    },
  );
  await tryEveryFault(t, job);
});

test.serial(
  'an entry of which only its part of a zip is fetched is read right or not, whatever call fails',
  async (t) => {
    const job = await jobWith(
      t,
      zip,
      () => undefined,
      async (base, cacheDir) => {
        t.true((await collect(t, openSource(`${base}a.zip#b`, { cacheDir, patience }))).equals(b));
      },
    );
    // Without its pieces the archive is fetched whole.
    await tryEveryFault(t, { ...job, leaves: /^[\da-f]{16}\/a\.zip(\.pieces)?(\.json)?$/ });
  },
);
