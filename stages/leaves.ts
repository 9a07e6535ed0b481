/**
 * Tokens that are the leaves of binary parses, over columns. They are cut when someone reads them: for ids nobody need,
 * since a table of tokens looks up the leaves where they stand.
 */
import { Utf8Column, Utf8ListColumn } from '../pipeline/columns.ts';
import { type Kernels, type PlacedColumn, sharedKernels, WORD } from './kernels/kernels.ts';
import { lowercaseTexts } from './kernels/texts.ts';

/** What tokens are the leaves of. */
export interface Leaves {
  readonly parses: Utf8Column;
  /** Whether the tokens are the leaves in lower case. */
  readonly lowered: boolean;
}

const known = new WeakMap<Utf8ListColumn, Leaves>();

/** The leaves of a column of parses; none if a parse is missing. */
export function leafTokens(parses: Utf8Column): Utf8ListColumn | undefined {
  return parses.starts.includes(-1) ? undefined : tokensOf({ parses, lowered: false });
}

/** What the tokens are the leaves of, if they are some. */
export function leavesOf(tokens: Utf8ListColumn): Leaves | undefined {
  return known.get(tokens);
}

/** The same leaves in lower case. */
export function lowercaseLeaves({ parses }: Leaves): Utf8ListColumn {
  return tokensOf({ parses, lowered: true });
}

function tokensOf(leaves: Leaves): Utf8ListColumn {
  const tokens = Utf8ListColumn.later(leaves.parses.length, () => cut(leaves));
  known.set(tokens, leaves);
  return tokens;
}

function cut({ parses, lowered }: Leaves) {
  const kernels = sharedKernels();
  const { leafStarts, leafEnds, count, firsts, lasts } = placeLeaves(kernels, parses);
  const items = new Utf8Column(parses.data, kernels.copyOf(leafStarts, count), kernels.copyOf(leafEnds, count));
  const starts = kernels.copyOf(firsts, parses.length);
  const ends = kernels.copyOf(lasts, parses.length);
  return { items: lowered ? lowercaseTexts(items) : items, starts, ends };
}

/** Leaves in the kernels' memory: addresses of integers. */
export interface PlacedLeaves extends PlacedColumn {
  readonly count: number;
  /** Where each leaf begins and ends, as the parses' column has it. */
  readonly leafStarts: number;
  readonly leafEnds: number;
  /** Each parse's first leaf, and the one after its last. */
  readonly firsts: number;
  readonly lasts: number;
  /** Room for an integer a leaf. */
  readonly numbers: number;
}

/** Cuts the leaves of parses, in the kernels' memory alone. */
export function placeLeaves(kernels: Kernels, parses: Utf8Column): PlacedLeaves {
  const { length } = parses;
  const placed = kernels.place(parses);
  // Every other character is a space, if all leaves are as short as they can be; a place more is written to.
  const most = Math.ceil((placed.bytes + length) / 2) + 1;
  const firsts = kernels.reserve((2 * length + 3 * most) * WORD);
  const lasts = firsts + length * WORD;
  const leafStarts = lasts + length * WORD;
  const leafEnds = leafStarts + most * WORD;
  const numbers = leafEnds + most * WORD;
  const { base, starts, ends } = placed;
  const count = kernels.run.cutLeaves(base, starts, ends, length, leafStarts, leafEnds, firsts, lasts);
  return { ...placed, count, leafStarts, leafEnds, firsts, lasts, numbers };
}
