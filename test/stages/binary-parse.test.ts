import test from 'ava';
import fc from 'fast-check';
import { leaves, REDUCE, SHIFT, transitionsOf, unescapeToken } from '../../stages/binary-parse.ts';
import { leavesOf, runs, type Tree, tree, writeTree } from './arbitraries.ts';

/** The moves of a tree, by walking it. */
function movesOf(node: Tree): number[] {
  return typeof node === 'string' ? [SHIFT] : [...node.flatMap(movesOf), REDUCE];
}

/** The tree that the moves build, as a parser builds it. */
function build(moves: Iterable<number>, tokens: readonly string[]): Tree[] {
  const stack: Tree[] = [];
  let next = 0;
  for (const move of moves) {
    if (move === SHIFT) stack.push(tokens[next++] as string);
    else stack.push(stack.splice(-2) as [Tree, Tree]);
  }
  return stack;
}

/** Whether the parse is a token, or two parses in parentheses: by the grammar, with backtracking. */
function isBinary(parts: readonly string[]): boolean {
  const [first] = parts;
  if (parts.length === 1) return first !== '(' && first !== ')';
  if (parts.length < 4 || first !== '(' || parts.at(-1) !== ')') return false;
  const inner = parts.slice(1, -1);
  return inner.some((_, at) => at > 0 && isBinary(inner.slice(0, at)) && isBinary(inner.slice(at)));
}

test('the moves of a tree build it again', (t) => {
  fc.assert(
    fc.property(tree, (node) => {
      const moves = transitionsOf(writeTree(node));
      if (typeof moves === 'string') return t.fail(moves);
      const tokens = leaves(writeTree(node));
      t.deepEqual(tokens, leavesOf(node));
      t.is(moves.length, 2 * tokens.length - 1);
      t.deepEqual([...moves], movesOf(node));
      t.deepEqual(build(moves, tokens), [node]);
    }),
    runs(500),
  );
});

test('a parse has moves if and only if it is a binary tree', (t) => {
  const parts = fc.array(fc.constantFrom('(', ')', 'a', 'b'), { maxLength: 12 });
  let trees = 0;
  const agree = (all: readonly string[]) => {
    const expected = isBinary(all);
    if (expected) trees++;
    t.is(typeof transitionsOf(all.join(' ')) !== 'string', expected, all.join(' '));
  };
  fc.assert(fc.property(parts, agree), runs(3000));
  // Near misses: a tree with one part left out, doubled or replaced.
  const damage = fc.tuple(tree, fc.nat(), fc.array(fc.constantFrom('(', ')', 'a'), { maxLength: 2 }), fc.nat(1));
  fc.assert(
    fc.property(damage, ([node, place, put, removed]) => {
      const all = writeTree(node).split(' ').slice(0, 25);
      agree(all.toSpliced(place % all.length, removed, ...put));
    }),
    runs(1000),
  );
  t.true(trees > 100, `only ${trees} were trees: the law was hardly tested`);
});

test('what is wrong is said', (t) => {
  const wrong: readonly [parse: string, reason: RegExp][] = [
    ['', /there are 0 trees/],
    ['( )', /other than two nodes/],
    ['( a )', /other than two nodes/],
    ['( a b c )', /other than two nodes/],
    ['( ( a b c ) ( d ) )', /other than two nodes/],
    ['a b', /there are 2 trees/],
    ['( a b', /never closed/],
    ['( a b ) )', /never opened/],
    [') a (', /never opened/],
  ];
  for (const [parse, reason] of wrong) {
    const moves = transitionsOf(parse);
    t.is(typeof moves, 'string', parse);
    t.regex(moves as string, reason, parse);
  }
});

test('one token is a tree; spaces may be doubled', (t) => {
  t.deepEqual(transitionsOf('Yes'), Int32Array.of(SHIFT));
  t.deepEqual(transitionsOf(' (  a b ) '), Int32Array.of(SHIFT, SHIFT, REDUCE));
  t.deepEqual(leaves(' (  a b ) '), ['a', 'b']);
});

test('the escapes of the Treebank are undone, and only they', (t) => {
  const escaped = ['-LRB-', '-RRB-', '-LSB-', '-RSB-', '-LCB-', '-RCB-', '``', "''"];
  t.deepEqual(escaped.map(unescapeToken), ['(', ')', '[', ']', '{', '}', '"', '"']);
  for (const token of ['-lrb-', 'LRB', 'dog', '', 'constructor', '__proto__', 'toString'])
    t.is(unescapeToken(token), token);
});
