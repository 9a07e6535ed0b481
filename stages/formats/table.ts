import { type DROP, MillraceError, type Origin, type StageContext } from '../../pipeline/index.ts';
import type { SentencePair } from '../records.ts';
import { cellsOf } from './cells.ts';
import { badRecord, type PairFormat } from './format.ts';
import type { Row, RowLayout } from './rows.ts';

/** Which column a part of a pair is in: that of a name in the header, or of a number, from 1. */
export interface Column {
  readonly column: string | number;
  /** Whether a table may do without it. */
  readonly optional?: boolean;
}

export type Columns<Part extends string> = { readonly [P in Part]: Column };

/** The text of a part of a row; `undefined` where the table has no such column, or the cell is empty. */
export type CellOf<Part extends string> = (part: Part) => string | undefined;

export interface Table<Part extends string> {
  readonly layout: RowLayout;
  /** Whether rows may be without their last cells, as far as nothing that must be there is in them. */
  readonly ragged?: boolean;
  columns(hasHeader: boolean): Columns<Part>;
  pair(cell: CellOf<Part>, origin: Origin, context: StageContext): SentencePair | typeof DROP;
}

/** The format of the rows of a table. */
export function tableFormat<Part extends string>(table: Table<Part>): PairFormat {
  const { layout } = table;
  // Rows under one header come together.
  let latest: { readonly header: string | undefined; readonly places: Places<Part> } | undefined;
  const placesUnder = (header: string | undefined, origin: Origin) => {
    if (!latest || latest.header !== header) latest = { header, places: findPlaces(table, header, origin) };
    return latest.places;
  };
  // By their text, of rows that have not been asked for yet.
  let readAhead: ReadonlyMap<string, readonly string[]> = new Map();
  return {
    rows: layout,
    pair({ text, header, origin }: Row, context) {
      const cells = readAhead.get(text) ?? cellsOf([text], layout)?.[0];
      if (!cells) throw badRecord(origin, 'The row is more than one', 'line ends within quotes only', text);
      const { of, least, most } = placesUnder(header, origin);
      if (cells.length < least || cells.length > most) throw wrongCount(cells, least, most, origin);
      return table.pair((part) => cells[of[part]] || undefined, origin, context);
    },
    readAhead(rows) {
      const texts = rows.map(({ text }) => text);
      readAhead = new Map(cellsOf(texts, layout)?.map((cells, i) => [texts[i] as string, cells]));
    },
  };
}

/** Where the parts of a pair are in the rows under one header, -1 for nowhere, and how many cells a row has. */
interface Places<Part extends string> {
  readonly of: { readonly [P in Part]: number };
  readonly least: number;
  readonly most: number;
}

function findPlaces<Part extends string>(table: Table<Part>, header: string | undefined, origin: Origin): Places<Part> {
  const columns = Object.entries(table.columns(header !== undefined)) as [Part, Column][];
  const names = header === undefined ? undefined : (cellsOf([header], table.layout)?.[0] ?? []);
  const found = columns.map(([part, column]) => ({ part, column, at: findColumn(column, names, origin) }));
  const furthest = Math.max(...found.map(({ column, at }) => (column.optional ? -1 : at)));
  return {
    of: Object.fromEntries(found.map(({ part, at }) => [part, at])) as Places<Part>['of'],
    least: names && !table.ragged ? names.length : furthest + 1,
    most: names?.length ?? Number.POSITIVE_INFINITY,
  };
}

/**
 * @throws MillraceError MILLRACE_USAGE for a column that is not there: no row could be read
 */
function findColumn({ column, optional }: Column, names: readonly string[] | undefined, origin: Origin): number {
  const wrong = (summary: string, expected: string) =>
    new MillraceError('MILLRACE_USAGE', summary, { origin, expected, found: column });
  if (isNumber(column)) {
    const at = Number(column) - 1;
    if (names && at >= names.length) throw wrong(`There is no column ${column}`, `one of 1 to ${names.length}`);
    return at;
  }
  const at = names?.indexOf(String(column)) ?? -1;
  if (at < 0 && !optional) {
    const expected = names ? `one of ${names.join(', ')}` : 'a header, as the first line, that names the columns';
    throw wrong(`There is no column named "${column}"`, expected);
  }
  if (at !== names?.lastIndexOf(String(column)) && at >= 0) {
    throw wrong(`Two columns are named "${column}"`, 'the number of one of them, from 1');
  }
  return at;
}

/** Columns go by number where they are called by one. */
export function isNumber(column: string | number): boolean {
  return /^[1-9]\d*$/.test(String(column));
}

function wrongCount(cells: readonly string[], least: number, most: number, origin: Origin): MillraceError {
  const expected = least === most ? `${most} cells` : `${least} cells or more`;
  return badRecord(origin, `The row has ${cells.length} ${cells.length === 1 ? 'cell' : 'cells'}`, expected, cells);
}

/** The text of a sentence, which must be there. */
export function sentenceIn<Part extends string>(cell: CellOf<Part>, part: Part, origin: Origin): string {
  const text = cell(part);
  if (text !== undefined && text.trim() !== '') return text;
  throw badRecord(origin, `The ${part} is wrong`, 'a text that is not empty', text ?? 'nothing');
}

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

/** The number in a cell, if there is one. */
export function scoreIn(
  text: string | undefined,
  origin: Origin,
  [least, most]: readonly [number, number] = [-Number.MAX_VALUE, Number.MAX_VALUE],
): number | undefined {
  if (text === undefined) return undefined;
  const score = Number(text);
  if (NUMBER.test(text) && score >= least && score <= most) return score;
  const range = least === -Number.MAX_VALUE ? 'a number' : `a number from ${least} to ${most}`;
  throw badRecord(origin, 'The score is wrong', range, text);
}
