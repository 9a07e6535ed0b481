import test from 'ava';
import fc from 'fast-check';
import { MillraceError, Pipeline } from '../../pipeline/index.ts';
import { batch } from '../../stages/batch.ts';
import { bucket } from '../../stages/bucket.ts';
import { ids } from '../../stages/ids.ts';
import { parse } from '../../stages/parse.ts';
import type { PaddedSequences, SentencePair } from '../../stages/records.ts';
import { tokenize } from '../../stages/tokenize.ts';
import { transitions } from '../../stages/transitions.ts';
import { Vocabulary } from '../../stages/vocabulary.ts';
import { blockSizes, runs, snliFile } from './arbitraries.ts';
import { assertForms } from './forms.ts';

type Tree = number | readonly [Tree, Tree];

const { tree: trees } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof({ maxDepth: 4 }, fc.constant(0), fc.tuple(tie('tree'), tie('tree'))),
}));

const movesOf = (tree: Tree | undefined): number[] =>
  tree === undefined ? [] : Array.isArray(tree) ? [...movesOf(tree[0]), ...movesOf(tree[1]), 1] : [0];

const wordsOf = (tree: Tree): number => (Array.isArray(tree) ? wordsOf(tree[0]) + wordsOf(tree[1]) : 1);

/** What is left of a tree with only so many of its words. */
function cutTree(tree: Tree, words: number): Tree | undefined {
  if (words <= 0) return undefined;
  if (!Array.isArray(tree)) return tree;
  const [left, right] = [cutTree(tree[0], words), cutTree(tree[1], words - wordsOf(tree[0]))];
  return left !== undefined && right !== undefined ? [left, right] : (left ?? right);
}

const pairOf = ([premise, hypothesis]: readonly [Tree, Tree], row: number): SentencePair => {
  const sentence = (tree: Tree) => ({
    text: '',
    ids: new Array<number>(wordsOf(tree)).fill(2),
    transitions: movesOf(tree),
  });
  return {
    id: `${row}`,
    premise: sentence(premise),
    hypothesis: sentence(hypothesis),
    origin: { source: 's', line: row },
  };
};

const pairs = fc.array(fc.tuple(trees, trees), { minLength: 1, maxLength: 9 });

/** The moves before the padding, after the rule has been checked that the rest is -1. */
function rowsOf({ transitions }: PaddedSequences): number[][] {
  const { moves, lengths, width } = transitions!;
  return Array.from(lengths, (length, row) => {
    const all = [...moves.subarray(row * width, (row + 1) * width)];
    if (all.length !== width || all.slice(length).some((move) => move !== -1)) throw new Error('not padded with -1');
    return all.slice(0, length);
  });
}

test('the transitions of both sides come in the order of their pairs, in batches and buckets', async (t) => {
  await fc.assert(
    fc.asyncProperty(pairs, fc.integer({ min: 1, max: 4 }), async (all, size) => {
      for (const stage of [batch<SentencePair>(size), bucket<SentencePair>({ size, boundaries: [2, 4] })]) {
        for (const { premise, hypothesis, pairIds } of await Pipeline.from(all.map(pairOf)).pipe(stage).toArray()) {
          const own = pairIds.map((id) => all[Number(id)]!);
          const expected = own.map(([one]) => movesOf(one));
          t.deepEqual(rowsOf(premise), expected);
          t.deepEqual(
            rowsOf(hypothesis),
            own.map(([, other]) => movesOf(other)),
          );
          t.is(premise.transitions?.width, Math.max(...expected.map(({ length }) => length)));
        }
      }
    }),
    runs(60),
  );
});

test('with words that are cut, trees lose leaves and nothing else', async (t) => {
  await fc.assert(
    fc.asyncProperty(pairs, fc.integer({ min: 1, max: 6 }), async (all, width) => {
      const [made] = await Pipeline.from(all.map(pairOf)).pipe(batch<SentencePair>(9, { width })).toArray();
      t.deepEqual(
        rowsOf(made!.premise),
        all.map(([premise]) => movesOf(cutTree(premise, width))),
      );
    }),
    runs(100),
  );
});

test('any file gives the same batches in either form, however it is cut', async (t) => {
  const vocabulary = new Vocabulary(['<pad>', '<unk>', '.', "n't", 'café']);
  await fc.assert(
    fc.asyncProperty(snliFile, blockSizes, async (file, sizes) => {
      await assertForms(t, file, [parse('snli'), tokenize(), transitions(), ids(vocabulary), batch(3)], sizes);
    }),
    runs(50),
  );
});

test('a batch of which one sentence has no transitions has none', async (t) => {
  const both = pairOf([[0, 0], 0], 0);
  const { transitions: _, ...without } = both.premise;
  const [made] = await Pipeline.from<SentencePair>([both, { ...both, premise: without }])
    .pipe(batch(2))
    .toArray();
  t.false('transitions' in made!.premise);
  t.deepEqual([...made!.hypothesis.transitions!.moves], [0, 0]);
});

test('transitions of other tokens are an error when they are asked for, with their place', async (t) => {
  const pair = pairOf([[0, 0], 0], 7);
  const [made] = await Pipeline.from([{ ...pair, premise: { ...pair.premise, ids: [2, 3, 4] } }])
    .pipe(batch(1))
    .toArray();
  const error = t.throws(() => made?.premise.transitions, { instanceOf: MillraceError });
  t.is(error?.code, 'MILLRACE_SHAPE');
  t.deepEqual(error?.origin, pair.origin);
  t.regex(error?.message ?? '', /5 transitions for 3 tokens, found 3/);
  t.is(made?.premise.width, 3);
});

test('a sentence without words has no transitions to make', async (t) => {
  const empty: SentencePair = {
    ...pairOf([0, 0], 0),
    premise: { text: '', ids: [], transitions: [] },
  };
  const [made] = await Pipeline.from([empty]).pipe(batch(1)).toArray();
  t.deepEqual(made?.premise.transitions, { moves: Int32Array.of(-1), lengths: Int32Array.of(0), width: 1 });
});
