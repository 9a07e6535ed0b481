/** Values of any kind as bytes, exactly, and back; by `v8.serialize`, once it is sure that nothing will be lost. */
import v8 from 'node:v8';
import type { Column } from '../columns.ts';
import { MillraceError } from '../errors.ts';
import { fieldNames, isView } from '../record.ts';

/** The version of the bytes that this program writes. An older Node may not be able to read them. */
export const SERIAL_VERSION = v8.serialize(null)[1] as number;

/**
 * Rows of tables become plain objects, without the fields that are absent.
 *
 * @throws MillraceError MILLRACE_SHAPE for what would not come back as it was: functions, symbols, objects of classes
 */
export function serialize(value: unknown): Uint8Array {
  return v8.serialize(withoutViews(value));
}

/** Typed arrays in the value may be windows on `bytes`. */
export function deserialize(bytes: Uint8Array): unknown {
  return v8.deserialize(bytes);
}

/** Deeper than any record is; what is in itself is deeper still. */
const DEEPEST = 200;

/** The value with views read; itself where there are none. */
function withoutViews(value: unknown, depth = 0): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') throw unfit(typeof value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > DEEPEST) throw unfit('one that is in itself');
  const inner = (field: unknown) => withoutViews(field, depth + 1);
  if (isView(value)) {
    const present = fieldsOf(value).filter(([, field]) => field !== undefined);
    return Object.fromEntries(present.map(([name, field]) => [name, inner(field)]));
  }
  if (Array.isArray(value)) {
    const items = value.map(inner);
    return items.some((item, i) => !Object.is(item, value[i])) ? items : value;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    const fields = fieldsOf(value);
    const read = fields.map(([name, field]) => [name, inner(field)] as const);
    return read.some(([, field], i) => !Object.is(field, fields[i]?.[1])) ? Object.fromEntries(read) : value;
  }
  if (ArrayBuffer.isView(value) || prototype === Date.prototype) return value;
  throw unfit(value.constructor?.name ?? 'an object without a class');
}

function fieldsOf(value: object): [string, unknown][] {
  return fieldNames(value).map((name) => [name, (value as Record<string, unknown>)[name]]);
}

function unfit(found: string): MillraceError {
  return new MillraceError(
    'MILLRACE_SHAPE',
    'The records cannot be cached, since they would not come back as they are',
    {
      expected: 'texts, numbers, lists, typed arrays, dates and plain objects of these',
      found,
      hint: 'Put cache before the stage that makes them.',
    },
  );
}

/** Bytes that are turned into values when one of them is asked for. */
class Values {
  readonly bytes: Uint8Array;
  #values: readonly unknown[] | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get(index: number): unknown {
    this.#values ??= deserialize(this.bytes) as unknown[];
    return this.#values[index];
  }
}

/** A column of values of any kind, which nobody may ever read. */
export class SerializedColumn implements Column {
  readonly length: number;
  /** That it takes in memory is known when somebody reads it, which the meter does not. */
  readonly bytes = 0;
  readonly #values: Values;
  /** Where the value of each row is; absent where every row has its own, in order. */
  readonly #rows: Int32Array | undefined;

  private constructor(values: Values, length: number, rows?: Int32Array) {
    this.length = length;
    this.#values = values;
    this.#rows = rows;
  }

  /** @param bytes a list of `length` values */
  static from(bytes: Uint8Array, length: number): SerializedColumn {
    return new SerializedColumn(new Values(bytes), length);
  }

  get(row: number): unknown {
    return this.#values.get(this.#at(row));
  }

  slice(start: number, end: number): SerializedColumn {
    const length = Math.max(0, Math.min(end, this.length) - start);
    return this.take(Int32Array.from({ length }, (_, i) => start + i));
  }

  take(rows: ArrayLike<number>): SerializedColumn {
    return new SerializedColumn(
      this.#values,
      rows.length,
      Int32Array.from(rows, (row) => this.#at(row)),
    );
  }

  #at(row: number): number {
    return this.#rows === undefined ? row : (this.#rows[row] as number);
  }
}
