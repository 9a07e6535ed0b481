import type { Chunk } from './chunk.ts';
import type { Column } from './columns.ts';
import { EXTEND, toPlain, type View } from './record.ts';

/** Columns by field name; a dot descends into a nested record: `premise.text`. */
export type Columns = Readonly<Record<string, Column>>;

/**
 * A chunk that is a table: a column for each field, rows made only when someone asks for one. A row is a lazy view:
 * `pair.premise.text` decodes just that field of just that row.
 */
export class ColumnChunk<T> implements Chunk<T> {
  readonly columns: Columns;
  readonly length: number;
  /** Of its rows; known once someone asks for one, which stages that work on columns never do. */
  #rowClass: RowClass | undefined;

  /** @param columns all of the same length; at least one */
  constructor(columns: Columns) {
    this.columns = columns;
    this.length = (Object.values(columns)[0] as Column).length;
  }

  get bytes(): number {
    let total = 0;
    for (const column of Object.values(this.columns)) total += column.bytes;
    return total;
  }

  get(index: number): T {
    const Row = this.#row;
    return new Row(this.columns, index) as T;
  }

  slice(start: number, end: number): ColumnChunk<T> {
    return this.#each((column) => column.slice(start, end));
  }

  take(rows: ArrayLike<number>): ColumnChunk<T> {
    return this.#each((column) => column.take(rows));
  }

  get #row(): RowClass {
    this.#rowClass ??= rowClass(Object.keys(this.columns));
    return this.#rowClass;
  }

  /** Whether the other is a table too, with columns of the same names. */
  hasColumnsOf(other: Chunk<unknown>): boolean {
    return other instanceof ColumnChunk && other.#row === this.#row;
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

// What a row knows, under symbols, so that it is no field of the record: its table, its index and what `extend` added.
const TABLE: unique symbol = Symbol('millrace.table');
const INDEX: unique symbol = Symbol('millrace.index');
const ADDED: unique symbol = Symbol('millrace.added');

type Fields = Readonly<Record<string, unknown>>;

interface Row extends View {
  readonly [TABLE]: Columns;
  readonly [INDEX]: number;
  readonly [ADDED]: Fields;
}

type RowClass = new (columns: Columns, index: number, added?: Fields) => Row;

const NOTHING: Fields = {};

/**
 * The base of all rows. Each set of columns has a class of its own below this one, with a getter for each field, and
 * each set of added fields one below that: so that rows of one kind have one hidden class, which engines make fast.
 */
abstract class BaseRow implements Row {
  readonly [TABLE]: Columns;
  readonly [INDEX]: number;
  readonly [ADDED]: Fields;

  constructor(columns: Columns, index: number, added: Fields = NOTHING) {
    this[TABLE] = columns;
    this[INDEX] = index;
    this[ADDED] = added;
  }

  [EXTEND](fields: object): Row {
    const Extended = extendedClass(this.constructor as RowClass, Object.keys(fields));
    return new Extended(this[TABLE], this[INDEX], { ...this[ADDED], ...fields });
  }

  // Printed and stringified as the record that it stands for.
  toJSON(): unknown {
    return toPlain(this);
  }

  [Symbol.for('nodejs.util.inspect.custom')](): unknown {
    return toPlain(this);
  }
}

const rowClasses = new Map<string, RowClass>();

/** The class of the rows of tables with these columns. */
function rowClass(names: readonly string[], prefix = ''): RowClass {
  const key = JSON.stringify([prefix, ...names]);
  let known = rowClasses.get(key);
  if (!known) {
    known = class extends BaseRow {};
    for (const field of new Set(names.map((name) => name.split('.', 1)[0] as string))) {
      Object.defineProperty(known.prototype, field, { enumerable: true, get: columnGetter(field, names, prefix) });
    }
    rowClasses.set(key, known);
  }
  return known;
}

function columnGetter(field: string, names: readonly string[], prefix: string): (this: Row) => unknown {
  const path = prefix + field;
  const nested = names.filter((name) => name.startsWith(`${field}.`)).map((name) => name.slice(field.length + 1));
  if (nested.length === 0) {
    return function (this: Row) {
      return (this[TABLE][path] as Column).get(this[INDEX]);
    };
  }
  const Nested = rowClass(nested, `${path}.`);
  return function (this: Row) {
    return new Nested(this[TABLE], this[INDEX]);
  };
}

const extendedClasses = new WeakMap<RowClass, Map<string, RowClass>>();

/** The class of rows of `base` to which these fields were added. */
function extendedClass(base: RowClass, names: readonly string[]): RowClass {
  let family = extendedClasses.get(base);
  if (!family) {
    family = new Map();
    extendedClasses.set(base, family);
  }
  const key = JSON.stringify(names);
  let known = family.get(key);
  if (!known) {
    known = class extends base {};
    for (const field of names) {
      const get = function (this: Row) {
        return this[ADDED][field];
      };
      Object.defineProperty(known.prototype, field, { enumerable: true, get });
    }
    // Adding the same fields again makes rows of the same class, not of one ever farther down.
    extendedClasses.set(known, new Map([[key, known]]));
    family.set(key, known);
  }
  return known;
}
