import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { writeRecords } from '../../commands/output.ts';
import { defineStage, MillraceError, Pipeline, quarantineRejects } from '../../pipeline/index.ts';
import { readLines } from '../../stages/index.ts';
import { temporaryFolder } from '../stages/files.ts';
import { tryEveryFault } from './every-fault.ts';

const signal = new AbortController().signal;
const pairs = Array.from({ length: 600 }, (_, id) => ({ id, text: `sentence ${id}`, words: ['a', 'b'] }));

for (const name of ['out.jsonl', 'out.arrow']) {
  test.serial(`${name} is the old one or the new one, whatever call fails`, async (t) => {
    await tryEveryFault(t, {
      prepare: (folder) => writeFile(join(folder, name), 'old'),
      work: (folder) => writeRecords(Pipeline.from(pairs), join(folder, name), (record) => record, signal),
    });
  });
}

test.serial('a cache is whole or not there, whatever call fails, and so are its records', async (t) => {
  const source = join(await temporaryFolder(t), 'notes.txt');
  const lines = Array.from({ length: 500 }, (_, i) => `line ${i}`);
  await writeFile(source, lines.join('\n'));
  await tryEveryFault(t, {
    async work(folder) {
      // The first pass writes it, the second reads it.
      for (let pass = 0; pass < 2; pass++) {
        const cached = readLines(source).cache(folder);
        const found = await cached.map(({ text }) => text).toArray();
        t.deepEqual(found, lines);
      }
    },
  });
});

test.serial('a row of a quarantine file is whole or not there, whatever call fails', async (t) => {
  const odd = defineStage<number, number>({
    name: 'even',
    record(value) {
      if (value % 2 === 0) return value;
      const origin = { source: 'numbers', line: value };
      throw new MillraceError('MILLRACE_BAD_RECORD', 'It is odd', { origin });
    },
  });
  await tryEveryFault(t, {
    async work(folder) {
      const path = join(folder, 'new', 'bad.jsonl');
      const left = await Pipeline.from([1, 2, 3, 4, 5]).pipe(odd).onError(quarantineRejects(path)).toArray();
      t.deepEqual(left, [2, 4]);
    },
    async done(folder) {
      const rows = (await readFile(join(folder, 'new', 'bad.jsonl'), 'utf8')).split('\n').slice(0, -1);
      t.deepEqual(
        rows.map((row) => JSON.parse(row).raw),
        [1, 3, 5],
      );
    },
    // What was told before the fault stays: there is more than one right content.
    essence: () => undefined,
    async holds(folder) {
      const text = await readFile(join(folder, 'new', 'bad.jsonl'), 'utf8').catch(() => '');
      t.true(text === '' || text.endsWith('\n'), text);
      for (const row of text.split('\n').slice(0, -1)) t.is(typeof JSON.parse(row).raw, 'number');
    },
  });
});
