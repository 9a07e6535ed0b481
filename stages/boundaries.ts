/** More buckets than this hold back more records than they save padding. */
const MOST_BUCKETS = 16;

/**
 * Where buckets should end so that little is padding: the fewest buckets with which, over these lengths, at most `target`
 * of the cells are padding if every batch is as wide as its bucket; as many as 16 if none is that good. For each number
 * of buckets the best boundaries are found exactly, by dynamic programming over the histogram of the lengths.
 *
 * @param target a share of the cells, from 0 to 1
 * @returns the ends of all buckets but the last, which has none, ascending; of equally good ones the lowest
 */
export function findBoundaries(lengths: readonly number[], target: number): number[] {
  const counts = new Map<number, number>();
  for (const length of lengths) counts.set(Math.max(1, length), (counts.get(Math.max(1, length)) ?? 0) + 1);
  const ends = [...counts.keys()].sort((a, b) => a - b);
  // How many sentences are no longer than the i-th length, and how many tokens there are.
  const upTo = [0];
  for (const end of ends) upTo.push((upTo.at(-1) as number) + (counts.get(end) as number));
  const tokens = ends.reduce((sum, end) => sum + end * (counts.get(end) as number), 0);

  // Cells of the first j lengths in the buckets so far, and where the last of those buckets begins.
  let cells = ends.map((end, j) => end * (upTo[j + 1] as number));
  const begins: number[][] = [ends.map(() => 0)];
  while (begins.length < Math.min(MOST_BUCKETS, ends.length) && 1 - tokens / (cells.at(-1) as number) > target) {
    const best = ends.map((end, j) => {
      let least = { cells: Number.POSITIVE_INFINITY, begin: 0 };
      for (let begin = 1; begin <= j; begin++) {
        const all = (cells[begin - 1] as number) + end * ((upTo[j + 1] as number) - (upTo[begin] as number));
        if (all < least.cells) least = { cells: all, begin };
      }
      return least;
    });
    begins.push(best.map(({ begin }) => begin));
    cells = best.map((one) => one.cells);
  }

  const boundaries: number[] = [];
  let last = ends.length - 1;
  for (let buckets = begins.length - 1; buckets > 0; buckets--) {
    last = ((begins[buckets] as number[])[last] as number) - 1;
    boundaries.unshift(ends[last] as number);
  }
  return boundaries;
}
