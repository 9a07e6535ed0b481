import test from 'ava';
import fc from 'fast-check';
import { Pipeline } from '../../../pipeline/index.ts';

interface Item {
  readonly kind: string;
  readonly n: number;
}

const items = (kinds: readonly string[]): Item[] => kinds.map((kind, n) => ({ kind, n }));
const balanced = (values: Item[], classes: string[], buffer?: number) =>
  Pipeline.from(values).balance(({ kind }) => kind, classes, buffer);

test('rounds of one of each class, each class in its order, as many rounds as the rarest has records', async (t) => {
  const classes = ['a', 'b', 'c'];
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('a', 'b', 'c', 'other'), { maxLength: 80 }),
      fc.integer({ min: 1, max: 9 }),
      async (kinds, length) => {
        const values = items(kinds);
        const out = await Pipeline.from(values)
          .rechunk(length)
          .balance(({ kind }) => kind, classes)
          .toArray();
        const queues = classes.map((kind) => values.filter((value) => value.kind === kind));
        const rounds = Math.min(...queues.map((queue) => queue.length));
        const expected = Array.from({ length: rounds }, (_, round) => queues.map((queue) => queue[round])).flat();
        t.deepEqual(out, expected as Item[]);
      },
    ),
  );
});

test('what is dropped is counted', async (t) => {
  const pipeline = balanced(items(['a', 'a', 'a', 'b', 'x']), ['a', 'b']);
  t.is((await pipeline.toArray()).length, 2);
  const { dropped } = pipeline.report().stages.at(-1) as { dropped: Record<string, number> };
  t.deepEqual(dropped, { 'no class': 1, 'more than the other classes': 2 });
});

test('no more than the buffer waits', async (t) => {
  const out = await balanced(items(['a', 'a', 'a', 'b', 'b', 'b']), ['a', 'b'], 1).toArray();
  t.deepEqual(
    out.map(({ n }) => n),
    [0, 3],
  );
});

test('fewer than two classes, or no room, is refused', (t) => {
  t.throws(() => balanced([], ['a']), { code: 'MILLRACE_USAGE' });
  t.throws(() => balanced([], ['a', 'a']), { code: 'MILLRACE_USAGE' });
  t.throws(() => balanced([], ['a', 'b'], 0), { code: 'MILLRACE_USAGE' });
});
