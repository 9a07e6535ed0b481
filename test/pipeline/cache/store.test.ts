import { readFile, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { ownName } from '../../../pipeline/files/own-name.ts';
import { type CacheEntry, isIntact, listCaches, removeCache } from '../../../pipeline/index.ts';
import { oneByOne, words } from '../probes.ts';
import { filesIn, KnownProbe, withFolder } from './folders.ts';

/** A cache of so many words. */
async function make(folder: string, count: number): Promise<CacheEntry> {
  await new KnownProbe(oneByOne(words(20))).pipeline.take(count).cache(folder).toArray();
  return (await listCaches(folder)).find(({ rows }) => rows === count) as CacheEntry;
}

test('a cache is told by its key, its pipeline and its size; the newest first', async (t) => {
  await withFolder(async (folder) => {
    t.deepEqual(await listCaches(join(folder, 'nothing')), []);
    t.deepEqual(await listCaches(folder), []);
    const older = await make(folder, 3);
    await utimes(older.path, new Date(), new Date(1e12));
    const newer = await make(folder, 5);
    await writeFile(join(folder, 'notes.txt'), 'something else');
    const listed = await listCaches(folder);
    t.deepEqual(
      listed.map(({ key }) => key),
      [newer.key, older.key],
    );
    t.like(listed[1], {
      path: join(folder, `${older.key}.millrace`),
      complete: true,
      unfinished: false,
      beingWritten: false,
      pipeline: 'watched take:count=3',
      rows: 3,
      modified: new Date(1e12),
      bytes: (await readFile(older.path)).length,
    });
    t.true(await isIntact(older));
    await removeCache(older);
    await removeCache(older);
    t.deepEqual(
      (await listCaches(folder)).map(({ key }) => key),
      [newer.key],
    );
  });
});

test('what is not finished is told apart: being written, cut off, damaged', async (t) => {
  await withFolder(async (folder) => {
    const whole = await make(folder, 3);
    const iterator = new KnownProbe(oneByOne(words(4))).pipeline.cache(folder)[Symbol.asyncIterator]();
    await iterator.next();
    const [written] = (await listCaches(folder)).filter(({ unfinished }) => unfinished);
    t.like(written, { complete: false, beingWritten: true, rows: undefined, pipeline: undefined });
    t.true(written?.path.includes(`-${process.pid}-`));
    await iterator.return?.();
    t.deepEqual(await filesIn(folder), [whole.path]);

    // No process has this number: Linux ends far below it.
    await writeFile(ownName(whole.path).replace(`-${process.pid}-`, '-999999999-'), 'the beginning');
    await truncate(whole.path, whole.bytes - 1);
    const states = (await listCaches(folder)).map(({ complete, unfinished, beingWritten }) => [
      complete,
      unfinished,
      beingWritten,
    ]);
    t.deepEqual(states.sort(), [
      [false, false, false],
      [false, true, false],
    ]);
    for (const entry of await listCaches(folder)) t.false(await isIntact(entry));
  });
});

test('damage in the middle shows when every byte is read', async (t) => {
  await withFolder(async (folder) => {
    const entry = await make(folder, 9);
    const bytes = await readFile(entry.path);
    const at = bytes.indexOf('made up');
    t.true(at > 0);
    bytes[at] = 0x4d;
    await writeFile(entry.path, bytes);
    t.true((await listCaches(folder))[0]?.complete);
    t.false(await isIntact(entry));
  });
});
