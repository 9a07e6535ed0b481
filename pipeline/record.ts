/**
 * Copying and printing records that may be plain objects or lazy views of columns.
 */

/** A view's way to make a copy of itself with some fields added or replaced. */
export const EXTEND: unique symbol = Symbol('millrace.extend');

/** A record that is a window on a row, not an object with properties of its own. */
export interface View {
  [EXTEND](fields: object): View;
}

/** Whether `value` is a lazy view, or what {@link extend} made of one. */
export function isView(value: unknown): value is View {
  return typeof value === 'object' && value !== null && EXTEND in value;
}

/**
 * The record with some fields added or replaced, as `{ ...record, ...fields }` would be if every record were a plain
 * object. A view is not read for this: its fields stay lazy beside the new ones.
 */
export function extend<T extends object, F extends object>(record: T, fields: F): Omit<T, keyof F> & F {
  const added = isView(fields) ? shallow(fields) : fields;
  const extended: object = isView(record) ? record[EXTEND](added) : { ...record, ...added };
  return extended as Omit<T, keyof F> & F;
}

/** A deep copy in plain JSON values: views are read, typed arrays become arrays, absent fields are left out. */
export function toPlain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(toPlain);
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value;
    return Array.from(
      value instanceof DataView ? new Uint8Array(buffer, byteOffset, byteLength) : (value as Uint8Array),
    );
  }
  if (!isView(value) && 'toJSON' in value && typeof value.toJSON === 'function') return toPlain(value.toJSON());
  const plain: Record<string, unknown> = {};
  for (const key of fieldNames(value)) {
    const field = (value as Record<string, unknown>)[key];
    if (field !== undefined) plain[key] = toPlain(field);
  }
  return plain;
}

/** The fields of a record: a view is read, but not the views that are its fields. */
function shallow(record: object): object {
  return Object.fromEntries(fieldNames(record).map((name) => [name, (record as Record<string, unknown>)[name]]));
}

/** Field names of a record in a stable order; a view's are getters of its classes, the base class's first. */
export function fieldNames(record: object): string[] {
  if (!isView(record)) return Object.keys(record);
  const layers: object[] = [];
  for (let layer = record as object; isView(layer); layer = Object.getPrototypeOf(layer)) layers.push(layer);
  return [...new Set(layers.reverse().flatMap((layer) => Object.keys(layer)))];
}
