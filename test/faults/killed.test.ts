import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Random } from '../../pipeline/random.ts';
import { temporaryFolder, zipOf } from '../stages/files.ts';
import { serveFile } from '../stages/hostile-server.ts';
import { digestOf } from './every-fault.ts';
import { Job, sentSince } from './kills.ts';

/** `MILLRACE_KILLS=50` kills so often, and an archive of 30 MB; some minutes. */
const KILLS = Number(process.env.MILLRACE_KILLS ?? 4);
const ARCHIVE_BYTES = process.env.MILLRACE_KILLS === undefined ? 6_000_000 : 30_000_000;
const SEED = 20;

const random = new Random(SEED);

/** Lines that hardly pack. */
function textOf(bytes: number): Buffer {
  const line = () => Buffer.from(Uint8Array.from({ length: 600 }, () => random.next() >>> 24)).toString('base64');
  return Buffer.from(Array.from({ length: Math.ceil(bytes / 801) }, line).join('\n'));
}

test('killed at random moments of download and cache, the next run comes to the same and redoes nothing that was safe', async (t) => {
  const bytes = zipOf([
    { name: 'small', data: textOf(0.4 * ARCHIVE_BYTES), method: 0 },
    { name: 'large', data: textOf(0.6 * ARCHIVE_BYTES), method: 0 },
  ]);
  const server = await serveFile(
    t,
    () => ({ bytes, etag: '"1"' }),
    () => ({ drip: 1 << 16 }),
  );
  // Most of an archive is fetched whole, less of it by ranges.
  const clean = new Map<string, { files: Map<string, string>; ms: number }>();
  for (const entry of ['large', 'small']) {
    const job = new Job(t, server, entry, await temporaryFolder(t));
    const { ms } = await job.run();
    clean.set(entry, { files: await job.files(), ms });
  }
  const figures = { kills: 0, trials: 0, sentAgain: 0, notFlushed: 0, within: { download: 0, cache: 0, behind: 0 } };
  for (let killed = 0; killed < KILLS; figures.trials++) {
    const entry = figures.trials % 3 === 2 ? 'small' : 'large';
    const { files, ms } = clean.get(entry)!;
    const folder = await mkdtemp(join(tmpdir(), 'millrace-killed-'));
    const job = new Job(t, server, entry, folder);
    // One run after another is killed, at most three times, before one may end.
    const moments = Array.from({ length: 1 + Math.floor(3 * random.uniform()) }, () => ms * random.uniform());
    let reached = 0;
    for (const moment of [...moments.slice(0, KILLS - killed), undefined]) {
      const before = await job.safe();
      const first = server.requests.length;
      const outcome = await job.run(moment);
      const sent = sentSince(server, first);
      const words = `trial ${figures.trials}, ${entry}, killed after ${moment} ms`;
      if (before.whole) t.is(sent.bytes, 0, words);
      for (const { start } of sent.rest) t.is(start, before.flushed, words);
      for (const piece of sent.pieces) t.false(before.pieces.includes(piece), `${words}: piece ${piece}`);
      const restBytes = sent.rest.reduce((sum, { bytes }) => sum + bytes, 0);
      t.true(restBytes <= bytes.length - before.flushed, words);
      if (before.cache !== undefined) t.is((await job.safe()).cache, before.cache, words);
      if (sent.rest[0])
        figures.sentAgain += Math.max(0, Math.min(reached, sent.rest[0].start + restBytes) - sent.rest[0].start);
      if (sent.rest[0]) reached = Math.max(reached, sent.rest[0].start + restBytes);
      if (!outcome.killed) continue;
      killed++;
      figures.kills++;
      const after = await job.safe();
      figures.within[after.cache === undefined ? (after.whole ? 'cache' : 'download') : 'behind']++;
      if (!after.whole) figures.notFlushed += Math.max(0, reached - after.flushed);
    }
    const left = await job.files();
    t.deepEqual(left, files, `trial ${figures.trials}, ${entry}`);
    if (entry === 'large') t.true([...left.values()].includes(digestOf(bytes)), 'the SHA-256 of the archive');
    await rm(folder, { recursive: true, force: true });
  }
  t.true(figures.sentAgain <= figures.notFlushed);
  t.log(JSON.stringify(figures));
});
