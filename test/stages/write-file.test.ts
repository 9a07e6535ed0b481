import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { MillraceError } from '../../pipeline/index.ts';
import { writeFileAtomic } from '../../stages/write-file.ts';
import { temporaryFolder } from './files.ts';

test('a file is written, its folders made, and replaced', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'a', 'b', 'file');
  await writeFileAtomic(path, 'one');
  await writeFileAtomic(path, Buffer.from('two'));
  t.is(await readFile(path, 'utf8'), 'two');
  t.deepEqual(await readdir(join(folder, 'a', 'b')), ['file']);
});

test('what cannot be put in its place leaves nothing beside it', async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, 'taken', 'full'), { recursive: true });
  const path = join(folder, 'taken');
  const error = await t.throwsAsync(writeFileAtomic(path, 'x'), { instanceOf: MillraceError });
  t.is(error.origin?.source, path);
  t.deepEqual(await readdir(folder), ['taken']);
});

test('those who write the same file at once do not meet: one of them is there, whole', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'file');
  const texts = Array.from({ length: 8 }, (_, i) => String(i).repeat(100_000));
  await Promise.all(texts.map((text) => writeFileAtomic(path, text)));
  t.true(texts.includes(await readFile(path, 'utf8')));
  t.deepEqual(await readdir(folder), ['file']);
});
