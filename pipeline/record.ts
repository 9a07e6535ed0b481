/**
 * Copying and printing records that may be plain objects or lazy views of columns.
 */

/** A record that is a window on a row, not an object with properties of its own. */
export const VIEW: unique symbol = Symbol('millrace.view');

/** Whether `value` is a lazy view, or an object that {@link extend} laid over one. */
export function isView(value: unknown): boolean {
  return typeof value === 'object' && value !== null && VIEW in value;
}

/**
 * The record with some fields added or replaced, as `{ ...record, ...fields }` would be if every record were a plain
 * object. A view is not read for this: its fields stay lazy behind the new ones.
 */
export function extend<T extends object, F extends object>(record: T, fields: F): Omit<T, keyof F> & F {
  // Defined, not assigned: a view's fields are getters without setters. Fields that are views themselves stay as they are.
  if (isView(record)) return Object.create(record, Object.getOwnPropertyDescriptors({ ...fields }));
  return { ...record, ...fields };
}

/** A deep copy in plain JSON values: views are read, typed arrays become arrays, absent fields are left out. */
export function toPlain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(toPlain);
  if (ArrayBuffer.isView(value)) {
    return value instanceof DataView ? toPlain(new Uint8Array(value.buffer)) : Array.from(value as Uint8Array);
  }
  if (!isView(value) && 'toJSON' in value && typeof value.toJSON === 'function') return toPlain(value.toJSON());
  const plain: Record<string, unknown> = {};
  // `in` order: a view's fields come from its prototype, and an overlay's own fields must win over them.
  for (const key of fieldNames(value)) {
    const field = (value as Record<string, unknown>)[key];
    if (field !== undefined) plain[key] = toPlain(field);
  }
  return plain;
}

/** Field names of a record in a stable order: those of the view beneath first, then those laid over it. */
function fieldNames(record: object): string[] {
  if (!isView(record)) return Object.keys(record);
  const layers: object[] = [];
  for (let layer = record; layer !== null && isView(layer); layer = Object.getPrototypeOf(layer)) layers.push(layer);
  return [...new Set(layers.reverse().flatMap((layer) => Object.keys(layer)))];
}
