/** A few pairs of every corpus that is there, as what broken files are made from. */
import { fileURLToPath } from 'node:url';
import { readLines } from '../../../stages/index.ts';
import { realData } from '../../real-files.ts';

/** A row of SNLI. */
export type SnliRow = Readonly<Record<string, string | readonly string[]>>;

const fixture = fileURLToPath(new URL('../../../fixtures/millrace_nli_1.0.zip', import.meta.url));

/** So many lines of JSON of our own corpus, and where it is there of the real one. */
export async function snliLines(count: number): Promise<string[][]> {
  const specs = [
    `${fixture}#**/*_dev.jsonl`,
    ...(realData.snli ? [`${realData.snli}#snli_1.0/snli_1.0_dev.jsonl`] : []),
  ];
  return Promise.all(specs.map((spec) => linesOf(spec, count)));
}

export async function snliRows(count: number): Promise<SnliRow[]> {
  return (await snliLines(count)).flat().map((line) => JSON.parse(line));
}

/** The first lines of a file or entry. */
export async function linesOf(spec: string, count: number): Promise<string[]> {
  const lines: string[] = [];
  for await (const { text } of readLines(spec).take(count)) lines.push(text);
  return lines;
}

export function file(lines: readonly string[], newline = '\n'): Buffer {
  return Buffer.from(lines.map((line) => line + newline).join(''));
}

/** Cells as spreadsheets write them. */
export function csvOf(rows: readonly (readonly string[])[], delimiter: string): Buffer {
  const quoted = (cell: string) => (/["\n\r,\t]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  return file(
    rows.map((cells) => cells.map(quoted).join(delimiter)),
    '\r\n',
  );
}
