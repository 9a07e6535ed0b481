import test from 'ava';
import { Random } from '../../pipeline/random.ts';
import { mutateJson } from './json.ts';
import { inputOf } from './mutate.ts';
import { shrink } from './shrink.ts';
import { type Failure, type Figures, watch } from './watch.ts';

const targets = new URL('./broken-targets.ts', import.meta.url);

/** Three inputs, the second of which is bad. */
const run = (target: string, most?: number): Promise<Figures> =>
  watch(target, { targets, seed: 1, inputs: 3, longest: 500, ...(most && { most }) });

const found = ({ failures }: Figures) =>
  failures.map(({ kind, number, input }: Failure) => [kind, number, input?.toString()]);

test.serial('a sound reader has no failures', async (t) => {
  const figures = await run('sound');
  t.deepEqual(found(figures), []);
  t.deepEqual(figures.codes, { taken: 2, MILLRACE_BAD_RECORD: 1 });
  t.true(figures.peak > 2 ** 20);
});

test.serial('foreign errors are failures, and so are those that nobody waits for', async (t) => {
  // As small as they get.
  t.deepEqual(found(await run('foreign')), [['error', 1, 'x']]);
  t.deepEqual(found(await run('stray')), [['error', 1, 'x']]);
});

test.serial('hangs and crashes are found, and the inputs after them read', async (t) => {
  for (const [target, kind] of [
    ['busy', 'hang'],
    ['waiting', 'hang'],
    ['crashing', 'crash'],
  ] as const) {
    const figures = await run(target);
    t.deepEqual(found(figures), [[kind, 1, 'bbxb']], target);
    t.is(figures.codes.taken, 2, target);
  }
});

test.serial('too much memory is found', async (t) => {
  t.deepEqual(found(await run('greedy', 2 ** 28)), [['memory', 1, 'bbxb']]);
});

test('an input is known by its target, seed and number', (t) => {
  const seeds = [Buffer.from('{"a": [1, 2, 3]}\n'.repeat(20)), Buffer.from('second\n')];
  const inputs = Array.from({ length: 300 }, (_, number) => inputOf('t', seeds, 7, number).toString('latin1'));
  t.deepEqual(inputs.slice(0, 2), seeds.map(String));
  t.deepEqual(
    inputs,
    Array.from({ length: 300 }, (_, number) => inputOf('t', seeds, 7, number).toString('latin1')),
  );
  t.true(new Set(inputs).size > 280);
  t.not(inputOf('t', seeds, 8, 5).toString('latin1'), inputs[5]);
  t.deepEqual(seeds, [Buffer.from('{"a": [1, 2, 3]}\n'.repeat(20)), Buffer.from('second\n')], 'seeds stay as they are');
});

test('broken JSON is JSON, and another one', (t) => {
  const json = { skip: 3, stages: [null, { own: [1, 2] }] };
  const texts = Array.from({ length: 200 }, (_, seed) => JSON.stringify(mutateJson(json, new Random(seed))));
  t.true(new Set(texts).size > 100);
  t.deepEqual(json, { skip: 3, stages: [null, { own: [1, 2] }] });
});

test('a failure shrinks to what it takes', async (t) => {
  const input = Buffer.from(`${'a'.repeat(1000)}(${'b'.repeat(1000)})`);
  const fails = async (bytes: Buffer) => bytes.includes('(') && bytes.includes(')');
  t.is((await shrink(input, fails)).toString(), '()');
});
