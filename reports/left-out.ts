/** What is told of bad records at the end of a run. */

/** Rules that are told of; the records that broke others are only counted. */
const MOST_KINDS = 10;

/**
 * How many records broke which rule, the most frequent first, such as `the line is not JSON (2), the field "id" is wrong
 * (1)`.
 */
export function kindsInWords(kinds: Iterable<readonly [kind: string, count: number]>): string {
  const sorted = [...kinds].sort(([, a], [, b]) => b - a);
  const told = sorted.slice(0, MOST_KINDS).map(([kind, count]) => `${kind} (${inWords(count)})`);
  const rest = sorted.slice(MOST_KINDS).reduce((sum, [, count]) => sum + count, 0);
  return [...told, ...(rest > 0 ? [`others (${inWords(rest)})`] : [])].join(', ');
}

/** @param file where they were written to, if they were */
export function leftOutLine(kinds: ReadonlyMap<string, number>, file?: string): string | undefined {
  const total = [...kinds.values()].reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  const where = file === undefined ? '' : ` and written to ${file}`;
  return `${inWords(total)} bad record${total === 1 ? '' : 's'} left out${where}: ${kindsInWords(kinds)}`;
}

function inWords(count: number): string {
  return count.toLocaleString('en-US');
}
