import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { toPlain } from '../../pipeline/index.ts';
import { count } from '../../stages/count.ts';
import { lowercase } from '../../stages/lowercase.ts';
import { parse } from '../../stages/parse.ts';
import { readLines } from '../../stages/read.ts';
import { tokenize } from '../../stages/tokenize.ts';
import { blockSizes, runs, snliFile } from './arbitraries.ts';
import { assertClosed, temporaryFolder } from './files.ts';
import { assertCloses, assertForms, errorOf, linesOf } from './forms.ts';

test('words of a text file are counted as by hand', async (t) => {
  const path = join(await temporaryFolder(t), 'notes.txt');
  await writeFile(path, 'A rose is a rose,\r\nis a ROSE?\n\nÜber alles: é');
  const counted = await readLines(path).pipe(tokenize('word'), lowercase(), count).toArray();
  t.deepEqual(counted.map(toPlain), [
    { token: 'a', count: 3 },
    { token: 'rose', count: 3 },
    { token: 'is', count: 2 },
    { token: 'alles', count: 1 },
    { token: 'é', count: 1 },
    { token: 'über', count: 1 },
  ]);
  await assertClosed(t, path);
});

test('nothing counts to nothing, one word to one', async (t) => {
  t.deepEqual((await assertForms(t, '', [tokenize('word'), count])).records, []);
  t.deepEqual((await assertForms(t, 'a', [tokenize('word'), count])).records, ['{"token":"a","count":1}']);
});

test('any file counts the same in either form, however it is cut', async (t) => {
  await fc.assert(
    fc.asyncProperty(snliFile, blockSizes, async (file, sizes) => {
      await assertForms(t, file, [parse('snli'), tokenize(), count], sizes);
    }),
    runs(40),
  );
});

test('sentences without tokens end the run', async (t) => {
  const error = await errorOf(t, linesOf('a').pipe(count));
  t.is(error.code, 'MILLRACE_SHAPE');
});

test('aborting closes the source', async (t) => {
  await assertCloses(t, count, [{ text: 'a', tokens: ['a'] }]);
});
