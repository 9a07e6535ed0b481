import { fieldNames, isView } from '../record.ts';

/** Deeper than any record is; what is in itself is deeper still. */
const DEEPEST = 100;

const TYPED_ARRAYS = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as const;

/**
 * A copy that another thread receives as the very same value: primitives, plain objects, arrays, dates and typed arrays
 * of such. Views are read, their absent fields left out. A typed array brings its own elements, not all of the memory
 * that it is a window on.
 *
 * @returns the copy in an object, or undefined for a value that would arrive as another or not at all: a function, an
 * instance of a class
 */
export function portable(value: unknown): { readonly value: unknown } | undefined {
  try {
    return { value: copy(value, 0) };
  } catch (error) {
    if (error === STAYS) return undefined;
    throw error;
  }
}

/** Thrown from deep within a value that cannot be copied. */
const STAYS = Symbol('stays');

function copy(value: unknown, depth: number): unknown {
  if (typeof value === 'function' || typeof value === 'symbol' || depth > DEEPEST) throw STAYS;
  if (typeof value !== 'object' || value === null) return value;
  if (isView(value)) return copyFields(value, fieldNames(value), depth, false);
  const kind: unknown = Object.getPrototypeOf(value)?.constructor;
  if (kind === Array) return (value as unknown[]).map((item) => copy(item, depth + 1));
  if (kind === Date) return value;
  if ((TYPED_ARRAYS as readonly unknown[]).includes(kind)) return (value as Uint8Array).slice();
  if (kind !== Object && Object.getPrototypeOf(value) !== null) throw STAYS;
  if (Object.getOwnPropertySymbols(value).length > 0) throw STAYS;
  return copyFields(value, Object.keys(value), depth, true);
}

function copyFields(record: object, names: readonly string[], depth: number, keepAbsent: boolean): object {
  const copied: Record<string, unknown> = {};
  for (const name of names) {
    const field = (record as Record<string, unknown>)[name];
    if (field !== undefined || keepAbsent) copied[name] = copy(field, depth + 1);
  }
  return copied;
}
