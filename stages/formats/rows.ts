import {
  ArrayChunk,
  arrivals,
  type Chunk,
  ColumnChunk,
  ConstantColumn,
  MillraceError,
  type StageContext,
  Trail,
} from '../../pipeline/index.ts';
import type { Line } from '../records.ts';
import { endsOpen, quoteFinder } from './quotes.ts';

/** A row of a table: a line, or several where a cell holds line ends; these are `\n` then, whatever they were. */
export interface Row extends Line {
  /** The header of its table, as it is written. A row that was put aside can so be read again by itself. */
  readonly header?: string;
}

/** How the lines of a table become rows. */
export interface RowLayout {
  readonly delimiter: ',' | '\t';
  /** Whether cells may stand within quotes. */
  readonly quotes: boolean;
  /** Tells a header, of the first line of a file that is not blank. */
  isHeader(text: string): boolean;
}

/** The most lines and characters of a row: what has more is no sentence pair, but has a quote too many. */
const MOST_LINES = 256;
const MOST_LENGTH = 2 ** 20;

/**
 * Lines to rows: those between which a quote is open are put together, with the origin of the first, and the header of a
 * file goes along with its rows. Lines without quotes stay in the table that they came in.
 *
 * @param onRows told of the rows with quotes, some at a time, before they are given out
 *
 * A quote that is not closed within {@link MOST_LINES} lines, or by the end of its file, makes its line a bad record; the
 * lines behind it are read anew, as if it had not been there.
 */
export async function* rowsOf(
  source: AsyncIterable<Chunk<Line>>,
  layout: RowLayout,
  context: StageContext,
  onRows: (rows: readonly Row[]) => void,
): AsyncGenerator<Chunk<Row>, void> {
  const stopped = context.resumed as Place | undefined;
  const reader = new RowReader(layout, context, onRows, stopped);
  const trail = new Trail();
  // The first line that is in no row that was given out.
  let next = 0;
  context.onCheckpoint(() => {
    const { from, skip } = trail.locate(next, context);
    const place = reader.place;
    return { from, own: () => ({ skip, ...place }) };
  });
  for await (const arrival of arrivals(source, context, stopped?.skip)) {
    const { chunk } = arrival;
    const first = trail.next;
    trail.arrive(arrival);
    trail.forget(next);
    const numberOf = lineNumbers(chunk);
    const quoteIn = layout.quotes ? quoteFinder(chunk) : () => false;
    // Lines from here on are rows as they stand.
    let run = 0;
    try {
      for (let i = 0; i < chunk.length; i++) {
        // Lines of one's own making may have no numbers: they are one file.
        const begins = (numberOf(i) ?? (stopped ? 0 : first + i + 1)) === 1;
        if (!begins && reader.isIdle && !quoteIn(i)) continue;
        if (run < i) {
          next = first + run;
          if (reader.rows.length > 0) yield reader.takeRows();
          next = first + i;
          yield withHeader(chunk.slice(run, i), reader.header);
        }
        run = i + 1;
        if (begins) reader.beginFile();
        reader.read(chunk.get(i));
      }
    } catch (error) {
      // The rows before a failure leave before it.
      if (reader.rows.length > 0) yield reader.takeRows();
      throw error;
    }
    next = first + Math.min(run, chunk.length) - reader.held;
    if (reader.rows.length > 0) yield reader.takeRows();
    next = first + chunk.length - reader.held;
    if (run < chunk.length) yield withHeader(chunk.slice(run, chunk.length), reader.header);
  }
  try {
    reader.endFile();
  } finally {
    next = trail.next;
    if (reader.rows.length > 0) yield reader.takeRows();
  }
}

/** Where a stopped run was: so many lines on, under this header, or still before it. */
type Place = { readonly skip: number; readonly header: string | null; readonly begins: boolean };

/** Reads line by line what does not stay in its table. */
class RowReader {
  readonly #layout: RowLayout;
  readonly #context: StageContext;
  readonly #onRows: (rows: readonly Row[]) => void;
  /** Rows that are complete and were not taken yet. */
  rows: Row[] = [];
  header: string | undefined;
  /** Whether all lines of the file so far were blank. */
  #begins: boolean;
  /** Lines of a row whose end has not been seen. */
  #open: Row[] = [];
  #length = 0;

  constructor(
    layout: RowLayout,
    context: StageContext,
    onRows: (rows: readonly Row[]) => void,
    stopped: Place | undefined,
  ) {
    this.#layout = layout;
    this.#onRows = onRows;
    this.#context = context;
    this.header = stopped?.header ?? undefined;
    this.#begins = stopped?.begins ?? false;
  }

  get place() {
    return { header: this.header ?? null, begins: this.#begins };
  }

  /** How many lines are held back. */
  get held(): number {
    return this.#open.length;
  }

  /** Whether a line without a quote would be a row as it stands. */
  get isIdle(): boolean {
    return this.#open.length === 0 && !this.#begins;
  }

  takeRows(): Chunk<Row> {
    this.#onRows(this.rows);
    const rows = new ArrayChunk(this.rows);
    this.rows = [];
    return rows;
  }

  beginFile(): void {
    this.endFile();
    this.header = undefined;
    this.#begins = true;
  }

  /** What is still open will never be closed. */
  endFile(): void {
    while (this.#open.length > 0) this.#readAll(this.#giveUp('The file ends within quotes'));
  }

  read(line: Line): void {
    this.#readAll([line]);
  }

  #readAll(lines: Line[]): void {
    const waiting = lines;
    for (let line = waiting.shift(); line; line = waiting.shift()) {
      const { text } = line;
      const wasOpen = this.#open.length > 0;
      // Read now: the line may be a view of memory that is lent.
      const { origin, header } = line as Row;
      this.#open.push({ text, origin, ...(header !== undefined && { header }) });
      this.#length += text.length + 1;
      if (!this.#layout.quotes || !endsOpen(text, this.#layout.delimiter, wasOpen)) this.#complete();
      else if (this.#open.length > MOST_LINES || this.#length > MOST_LENGTH) {
        waiting.unshift(...this.#giveUp('The quotes are not closed'));
      }
    }
  }

  #complete(): void {
    const lines = this.#close();
    const { origin, header: own } = lines[0] as Row;
    const text = lines.map((line) => line.text).join('\n');
    const isFirst = this.#begins && text.trim() !== '';
    if (isFirst) this.#begins = false;
    if (isFirst && own === undefined && this.#layout.isHeader(text)) {
      this.header = text;
      this.#context.drop('header');
      return;
    }
    const header = own ?? this.header;
    this.rows.push({ text, origin, ...(header !== undefined && { header }) });
  }

  /** Leaves out the line whose quote is not closed. */
  #giveUp(summary: string): Line[] {
    const [{ text, origin }, ...others] = this.#close() as [Line, ...Line[]];
    const error = new MillraceError('MILLRACE_BAD_RECORD', summary, {
      origin,
      expected: `the quotes that begin on this line to end within ${MOST_LINES} lines, ${MOST_LENGTH} characters and the file`,
      found: text,
      hint: 'In a file where quotes mean nothing, say so: quotes=false.',
    });
    this.#context.reject(error, { text, origin, ...(this.header !== undefined && { header: this.header }) });
    return others;
  }

  #close(): Row[] {
    const lines = this.#open;
    this.#open = [];
    this.#length = 0;
    return lines;
  }
}

function lineNumbers(chunk: Chunk<Line>): (row: number) => number | undefined {
  const column = chunk instanceof ColumnChunk ? chunk.columns['origin.line'] : undefined;
  return column ? (row) => column.get(row) as number | undefined : (row) => chunk.get(row).origin.line;
}

/** Rows under the header of their file; those that have one of their own, since they were put aside, keep it. */
function withHeader(chunk: Chunk<Line>, header: string | undefined): Chunk<Row> {
  if (header === undefined) return chunk;
  if (chunk instanceof ColumnChunk && !chunk.columns.header)
    return chunk.with({ header: new ConstantColumn(header, chunk.length) });
  return new ArrayChunk(
    Array.from(chunk, (row: Row) => ({ text: row.text, origin: row.origin, header: row.header ?? header })),
  );
}
