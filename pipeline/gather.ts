/**
 * Rows of several tables as one table, and columns without what their rows do not need: for what holds rows back, writes
 * them down or sends them away, and should not do so with all the memory that they came in.
 */
import { ArrayChunk, type Chunk } from './chunk.ts';
import { ColumnChunk } from './column-chunk.ts';
import {
  type Column,
  ConstantColumn,
  DictionaryColumn,
  Int32Column,
  Int32ListColumn,
  Utf8Column,
  Utf8ListColumn,
} from './columns.ts';
import { type Compact, compact, gather, type Memory, memoryOf } from './ranges.ts';

/**
 * Records in a chunk of their own: the i-th is row `rows[i]` of `chunks[i]`. A table with copies of what is in the rows,
 * where all come from tables of the same columns; else the records one by one.
 */
export function gatherRows<T>(chunks: readonly Chunk<T>[], rows: ArrayLike<number>): Chunk<T> {
  const [first] = chunks;
  if (first instanceof ColumnChunk && chunks.every((chunk) => first.hasColumnsOf(chunk))) {
    const columns = Object.keys(first.columns).map((name) => {
      const own = (chunks as readonly ColumnChunk<T>[]).map((chunk) => chunk.columns[name] as Column);
      return [name, gatherColumn(own, rows)] as const;
    });
    return new ColumnChunk<T>(Object.fromEntries(columns));
  }
  return new ArrayChunk(chunks.map((chunk, i) => chunk.get(rows[i] as number)));
}

/** The column over memory that holds what its rows need and nothing else; itself if it is not over memory. */
export function compactColumn(column: Column): Column {
  // A class derived from one of these may mean something else by its arrays.
  switch (column.constructor) {
    case Int32ListColumn: {
      const { values, starts, ends } = column as Int32ListColumn;
      return integerLists(values, starts, ends);
    }
    case Utf8Column: {
      const { data, starts, ends } = column as Utf8Column;
      return texts(data, starts, ends);
    }
    case Utf8ListColumn: {
      const { items, starts, ends } = column as Utf8ListColumn;
      return textLists(items, starts, ends);
    }
    default:
      return column;
  }
}

function gatherColumn(columns: readonly Column[], rows: ArrayLike<number>): Column {
  const kind = (columns[0] as Column).constructor;
  if (!columns.every((column) => column.constructor === kind)) return new PickedColumn(columns, rows);
  switch (kind) {
    case Int32Column:
      return new Int32Column(Int32Array.from(columns as Int32Column[], ({ values }, i) => values[rows[i]!]!));
    case Int32ListColumn: {
      const lists = columns as Int32ListColumn[];
      return integerLists(
        lists.map(({ values }) => values),
        ...rangesOf(lists, rows),
      );
    }
    case Utf8Column: {
      const own = columns as Utf8Column[];
      return texts(
        own.map(({ data }) => data),
        ...rangesOf(own, rows),
      );
    }
    case Utf8ListColumn: {
      const lists = columns as Utf8ListColumn[];
      return textLists(
        lists.map(({ items }) => items),
        ...rangesOf(lists, rows),
      );
    }
    case DictionaryColumn:
      return fewValues(columns, rows) ?? new PickedColumn(columns, rows);
    case ConstantColumn: {
      const { value } = columns[0] as ConstantColumn<unknown>;
      const isOne = columns.every((column) => Object.is((column as ConstantColumn<unknown>).value, value));
      return isOne
        ? new ConstantColumn(value, columns.length)
        : (fewValues(columns, rows) ?? new PickedColumn(columns, rows));
    }
    default:
      return new PickedColumn(columns, rows);
  }
}

type Ranges = [starts: Int32Array, ends: Int32Array];

function rangesOf(columns: readonly { starts: Int32Array; ends: Int32Array }[], rows: ArrayLike<number>): Ranges {
  const starts = new Int32Array(columns.length);
  const ends = new Int32Array(columns.length);
  for (let i = 0; i < columns.length; i++) {
    const column = columns[i] as (typeof columns)[number];
    const row = rows[i] as number;
    starts[i] = column.starts[row] as number;
    ends[i] = column.ends[row] as number;
  }
  return [starts, ends];
}

function integerLists(values: Memory<Int32Array>, ...[starts, ends]: Ranges): Int32ListColumn {
  const kept = compact(starts, ends, values);
  return new Int32ListColumn(gather(values, kept), kept.starts, kept.ends);
}

function texts(data: Memory<Uint8Array>, ...[starts, ends]: Ranges): Utf8Column {
  const kept = compact(starts, ends, data);
  return new Utf8Column(gather(data, kept), kept.starts, kept.ends);
}

function textLists(items: Memory<Utf8Column>, ...[starts, ends]: Ranges): Utf8ListColumn {
  const kept = compact(starts, ends, items);
  const ownStarts = gather(
    each(items, (column) => column.starts),
    kept,
  );
  const ownEnds = gather(
    each(items, (column) => column.ends),
    kept,
  );
  return new Utf8ListColumn(texts(dataOfItems(items, kept), ownStarts, ownEnds), kept.starts, kept.ends);
}

function each<A, B>(memory: Memory<A>, pick: (one: A) => B): Memory<B> {
  return isOfRows(memory) ? memory.map(pick) : pick(memory as A);
}

function isOfRows<A>(memory: Memory<A>): memory is readonly A[] {
  return Array.isArray(memory);
}

/** For each item that is kept, the bytes that it is in. */
function dataOfItems(items: Memory<Utf8Column>, { runs, length }: Compact): Memory<Uint8Array> {
  if (length === 0 || !isOfRows(items)) return memoryOf(items, 0).data;
  const data: Uint8Array[] = [];
  for (let run = 0; run < runs.length; run += 3) {
    const own = memoryOf(items, runs[run] as number).data;
    for (let item = runs[run + 1] as number; item < (runs[run + 2] as number); item++) data.push(own);
  }
  return data;
}

/** Values that repeat, as codes; undefined where they are too many for that. */
function fewValues(columns: readonly Column[], rows: ArrayLike<number>): Column | undefined {
  const dictionary: unknown[] = [];
  const codes = new Uint8Array(columns.length).fill(NULL);
  for (let i = 0; i < columns.length; i++) {
    const value = (columns[i] as Column).get(rows[i] as number);
    if (value === undefined) continue;
    const code = dictionary.indexOf(value);
    if (code < 0 && dictionary.length === NULL) return undefined;
    codes[i] = code < 0 ? dictionary.push(value) - 1 : code;
  }
  return new DictionaryColumn(codes, dictionary);
}

/** A code past every dictionary. */
const NULL = 255;

/** Rows of columns of any kinds, read where they are. */
class PickedColumn implements Column {
  readonly #columns: readonly Column[];
  readonly #rows: ArrayLike<number>;
  /** The memory is that of other columns. */
  readonly bytes = 0;

  constructor(columns: readonly Column[], rows: ArrayLike<number>) {
    this.#columns = columns;
    this.#rows = rows;
  }

  get length(): number {
    return this.#columns.length;
  }

  get(row: number): unknown {
    return (this.#columns[row] as Column).get(this.#rows[row] as number);
  }

  slice(start: number, end: number): PickedColumn {
    return new PickedColumn(this.#columns.slice(start, end), Array.from(this.#rows).slice(start, end));
  }

  take(rows: ArrayLike<number>): PickedColumn {
    const picked = Array.from(rows);
    return new PickedColumn(
      picked.map((row) => this.#columns[row] as Column),
      picked.map((row) => this.#rows[row] as number),
    );
  }
}
