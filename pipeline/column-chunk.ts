import type { Chunk } from './chunk.ts';
import type { Column } from './columns.ts';
import { toPlain, VIEW } from './record.ts';

/** Columns by field name; a dot descends into a nested record: `premise.text`. */
export type Columns = Readonly<Record<string, Column>>;

/**
 * A chunk that is a table: a column for each field, rows made only when someone asks for one. A row is a lazy view:
 * `pair.premise.text` decodes just that field of just that row.
 */
export class ColumnChunk<T> implements Chunk<T> {
  readonly columns: Columns;
  readonly length: number;
  readonly #row: RowClass;

  /** @param columns all of the same length; at least one */
  constructor(columns: Columns) {
    this.columns = columns;
    this.length = (Object.values(columns)[0] as Column).length;
    this.#row = rowClass(Object.keys(columns));
  }

  get bytes(): number {
    let total = 0;
    for (const column of Object.values(this.columns)) total += column.bytes;
    return total;
  }

  get(index: number): T {
    return new this.#row(this.columns, index) as T;
  }

  slice(start: number, end: number): ColumnChunk<T> {
    return this.#each((column) => column.slice(start, end));
  }

  take(rows: ArrayLike<number>): ColumnChunk<T> {
    return this.#each((column) => column.take(rows));
  }

  /** The same rows with columns added or replaced; nothing is copied. */
  with<U = T>(columns: Columns): ColumnChunk<U> {
    return new ColumnChunk<U>({ ...this.columns, ...columns });
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let row = 0; row < this.length; row++) yield this.get(row);
  }

  #each(change: (column: Column) => Column): ColumnChunk<T> {
    const changed: Record<string, Column> = {};
    for (const [name, column] of Object.entries(this.columns)) changed[name] = change(column);
    return new ColumnChunk<T>(changed);
  }
}

// A row knows its table and its index, under symbols, so that they are no fields of the record.
const TABLE: unique symbol = Symbol('millrace.table');
const INDEX: unique symbol = Symbol('millrace.index');

interface Row {
  readonly [TABLE]: Columns;
  readonly [INDEX]: number;
}

type RowClass = new (columns: Columns, index: number) => Row;

const rowClasses = new Map<string, RowClass>();

/** The class of the rows of tables with these columns, made once for each set of names. */
function rowClass(names: readonly string[], prefix = ''): RowClass {
  const key = `${prefix}|${names.join('|')}`;
  const known = rowClasses.get(key);
  if (known) return known;

  class View implements Row {
    readonly [TABLE]: Columns;
    readonly [INDEX]: number;

    constructor(columns: Columns, index: number) {
      this[TABLE] = columns;
      this[INDEX] = index;
    }
  }
  // Printed and stringified as the record that it stands for.
  Object.defineProperties(View.prototype, {
    [VIEW]: { value: true },
    toJSON: { value: asPlain },
    [Symbol.for('nodejs.util.inspect.custom')]: { value: asPlain },
  });
  for (const field of new Set(names.map((name) => name.split('.', 1)[0] as string))) {
    Object.defineProperty(View.prototype, field, fieldGetter(field, names, prefix));
  }
  rowClasses.set(key, View);
  return View;
}

function fieldGetter(field: string, names: readonly string[], prefix: string): PropertyDescriptor {
  const path = prefix + field;
  const nested = names.filter((name) => name.startsWith(`${field}.`)).map((name) => name.slice(field.length + 1));
  if (nested.length === 0) {
    return {
      enumerable: true,
      get(this: Row) {
        return (this[TABLE][path] as Column).get(this[INDEX]);
      },
    };
  }
  const Nested = rowClass(nested, `${path}.`);
  return {
    enumerable: true,
    get(this: Row) {
      return new Nested(this[TABLE], this[INDEX]);
    },
  };
}

function asPlain(this: Row): unknown {
  return toPlain(this);
}
