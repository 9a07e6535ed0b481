/**
 * Binary parses as SNLI writes them: `( ( The sisters ) ( sleep . ) )`, tokens and parentheses apart by single spaces.
 */

/** Penn Treebank's escapes, for characters that mean something in a parse. */
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['-LRB-', '('],
  ['-RRB-', ')'],
  ['-LSB-', '['],
  ['-RSB-', ']'],
  ['-LCB-', '{'],
  ['-RCB-', '}'],
  ['``', '"'],
  ["''", '"'],
]);

/** The token as it stood in the text. */
export function unescapeToken(token: string): string {
  return ESCAPES.get(token) ?? token;
}

/** The tokens: whatever is not a parenthesis. */
export function leaves(parse: string): string[] {
  return parse.split(' ').filter((part) => part !== '(' && part !== ')' && part !== '');
}

export const SHIFT = 0;
export const REDUCE = 1;

const SPACE = 0x20;
const OPEN = 0x28;
const CLOSE = 0x29;

/**
 * The parts of a parse, as ranges of its bytes.
 *
 * @param each told of every part: its range, and whether it is a token or one of the parentheses
 */
export function scanParse(
  bytes: Uint8Array,
  start: number,
  end: number,
  each: (kind: 'token' | '(' | ')', start: number, end: number) => void,
): void {
  let at = start;
  while (at < end) {
    let stop = at;
    while (stop < end && bytes[stop] !== SPACE) stop++;
    if (stop === at + 1 && bytes[at] === OPEN) each('(', at, stop);
    else if (stop === at + 1 && bytes[at] === CLOSE) each(')', at, stop);
    else if (stop > at) each('token', at, stop);
    at = stop + 1;
  }
}

/**
 * The moves of a shift-reduce parser that builds this tree: a shift for each token, a reduce for each closing
 * parenthesis (Bowman et al. 2016, "A fast unified model for parsing and sentence understanding").
 *
 * @returns 2n - 1 moves for n tokens, or the rule that the parse breaks
 */
export function transitionsOf(parse: string): Int32Array | string {
  const bytes = Buffer.from(parse);
  const moves: number[] = [];
  const broken = addTransitions(bytes, 0, bytes.length, moves);
  return broken ?? Int32Array.from(moves);
}

/** Adds the moves of a parse to `moves`; answers the rule that it breaks, if it does. */
export function addTransitions(bytes: Uint8Array, start: number, end: number, moves: number[]): string | undefined {
  let broken: string | undefined;
  // How many nodes each open parenthesis holds so far; first, how many trees there are outside of them all.
  const nodes = [0];
  scanParse(bytes, start, end, (kind) => {
    if (kind === '(') {
      nodes.push(0);
      return;
    }
    if (kind === ')') {
      if (nodes.length === 1) broken ??= 'a parenthesis closes that was never opened';
      else if (nodes.pop() !== 2) broken ??= 'a pair of parentheses holds other than two nodes';
    }
    moves.push(kind === ')' ? REDUCE : SHIFT);
    nodes[nodes.length - 1] = (nodes.at(-1) as number) + 1;
  });
  if (broken) return broken;
  if (nodes.length > 1) return 'a parenthesis is never closed';
  return nodes[0] === 1 ? undefined : `there are ${nodes[0]} trees`;
}
