import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { Vocabulary } from '../../stages/vocabulary.ts';
import { writeFileAtomic } from '../../stages/write-file.ts';
import { tryEveryFault } from './every-fault.ts';

test.serial('a file that is written in one move is the old one or the new one, whatever call fails', async (t) => {
  const bytes = Buffer.alloc(200_000, 'new ');
  const tried = await tryEveryFault(t, {
    prepare: (folder) => writeFile(join(folder, 'file'), 'old'),
    work: (folder) => writeFileAtomic(join(folder, 'file'), [bytes.subarray(0, 99), bytes.subarray(99)]),
  });
  t.true(tried > 15);
});

test.serial('a vocabulary is saved and loaded, or it is said why not', async (t) => {
  const vocabulary = Vocabulary.fromCounts(
    new Map([
      ['a', 3],
      ['rose', 2],
    ]),
  );
  await tryEveryFault(t, {
    async work(folder) {
      const path = join(folder, 'new', 'vocab.json');
      await vocabulary.save(path);
      t.is((await Vocabulary.load(path)).fingerprint, vocabulary.fingerprint);
    },
  });
});
