/**
 * Binary parses as SNLI writes them: `( ( The sisters ) ( sleep . ) )`, tokens and parentheses apart by single spaces.
 */

/** Penn Treebank's escapes, for characters that mean something in a parse. */
const ESCAPES: Readonly<Record<string, string>> = {
  '-LRB-': '(',
  '-RRB-': ')',
  '-LSB-': '[',
  '-RSB-': ']',
  '-LCB-': '{',
  '-RCB-': '}',
  '``': '"',
  "''": '"',
};

/** The token as it stood in the text. */
export function unescapeToken(token: string): string {
  return ESCAPES[token] ?? token;
}

/** The tokens: whatever is not a parenthesis. */
export function leaves(parse: string): string[] {
  return parse.split(' ').filter((part) => part !== '(' && part !== ')' && part !== '');
}

export const SHIFT = 0;
export const REDUCE = 1;

/**
 * The moves of a shift-reduce parser that builds this tree: a shift for each token, a reduce for each closing
 * parenthesis (Bowman et al. 2016, "A fast unified model for parsing and sentence understanding").
 *
 * @returns 2n - 1 moves for n tokens, or the rule that the parse breaks
 */
export function transitionsOf(parse: string): Uint8Array | string {
  const moves: number[] = [];
  let depth = 0;
  let open = 0;
  for (const part of parse.split(' ')) {
    if (part === '') continue;
    if (part === '(') open++;
    else if (part === ')') {
      if (--open < 0) return 'a parenthesis closes that was never opened';
      if (depth < 2) return 'a reduce needs two nodes on the stack';
      depth--;
      moves.push(REDUCE);
    } else {
      depth++;
      moves.push(SHIFT);
    }
  }
  if (open > 0) return 'a parenthesis is never closed';
  if (depth !== 1) return `the tree must come to one node, not ${depth}`;
  return Uint8Array.from(moves);
}
