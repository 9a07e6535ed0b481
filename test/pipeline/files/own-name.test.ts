import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import test from 'ava';
import { giveUp, isAbandoned, nameInPlace, ownName, removeAbandoned } from '../../../pipeline/files/own-name.ts';
import { replaceFile } from '../../../pipeline/files/replace-file.ts';
import { temporaryFolder } from '../../stages/files.ts';

/** As a process calls it that is no more: Linux ends far below this number. */
function nameOfTheDead(path: string): string {
  return ownName(path).replace(`-${process.pid}-`, '-999999999-');
}

test('what the dead have left beside a file goes when it is written, and nothing else does', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'file');
  const alive = ownName(path);
  const ofOthers = [alive, nameOfTheDead(`${path}2`), `${path}.tmp`, `${path}.12-3.tmp`, join(folder, 'notes')];
  for (const name of [nameOfTheDead(path), nameOfTheDead(path), ...ofOthers]) await writeFile(name, name);
  await replaceFile(path, (beside) => writeFile(beside, 'new'));
  t.is(await readFile(path, 'utf8'), 'new');
  t.deepEqual((await readdir(folder)).sort(), [path, ...ofOthers].map((name) => basename(name)).sort());
  // However the path is written.
  await removeAbandoned(relative('.', path));
  t.true((await readdir(folder)).includes(basename(alive)));
  await giveUp(alive);
  t.false((await readdir(folder)).includes(basename(alive)));
});

test('a name tells what it is for, and whether somebody may still write there', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'file.jsonl');
  const name = ownName(path);
  t.is(nameInPlace(name), path);
  t.is(nameInPlace(path), path);
  t.false(await isAbandoned(name));
  t.true(await isAbandoned(nameOfTheDead(path)));
  // A file that could not be removed when its name was given up is nobody's.
  await giveUp(name);
  t.true(await isAbandoned(name));
});

test('of another machine only what was not touched for a day is abandoned', async (t) => {
  const folder = await temporaryFolder(t);
  const elsewhere = ownName(join(folder, 'file')).replace(/\.[0-9a-f]{8}-/, '.00000000-');
  await writeFile(elsewhere, '');
  t.false(await isAbandoned(elsewhere));
  const hour = 3600;
  await utimes(elsewhere, new Date(), Date.now() / 1000 - 23 * hour);
  t.false(await isAbandoned(elsewhere));
  await utimes(elsewhere, new Date(), Date.now() / 1000 - 25 * hour);
  t.true(await isAbandoned(elsewhere));
});
