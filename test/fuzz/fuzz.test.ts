import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { Examiner } from './examine.ts';
import type { Outcome } from './target.ts';
import { targets } from './targets/index.ts';

/** As many as there is time for; `npm run fuzz` reads thousands. */
const INPUTS = 40;
const SEED = 20260;

const failures = fileURLToPath(new URL('./failures/', import.meta.url));

const textOf = (outcome: Outcome) => ('failure' in outcome ? outcome.failure.stack : undefined);

for (const [name, target] of Object.entries(targets)) {
  // One after the other: an error that nobody waits for belongs to the input that is being read.
  test.serial(`broken files of ${name} are errors of ours, or are read`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-fuzz-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    const examiner = await Examiner.start(name, target, folder);

    t.deepEqual(await examiner.examine(Buffer.from(examiner.seeds[0]!)), { code: 'taken' });
    for (const file of await readdir(join(failures, name)).catch(() => [])) {
      t.is(textOf(await examiner.examine(await readFile(join(failures, name, file)))), undefined, file);
    }
    for (let number = examiner.seeds.length; number < INPUTS; number++) {
      t.is(textOf(await examiner.examine(examiner.input(SEED, number))), undefined, `input ${number}`);
    }
  });
}

test('every failure that was kept is of a target that there is', async (t) => {
  for (const entry of await readdir(failures, { withFileTypes: true })) {
    if (entry.isDirectory()) t.true(Object.hasOwn(targets, entry.name), entry.name);
  }
});
