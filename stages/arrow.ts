/** Records as an Arrow IPC file, for pandas, polars, DuckDB, HuggingFace datasets and whatever else reads Arrow. */
import type { DataType, RecordBatch, Struct } from 'apache-arrow';
import { MillraceError } from '../pipeline/index.ts';

type Arrow = typeof import('apache-arrow');
type Fields = Readonly<Record<string, unknown>>;

/**
 * The bytes of an Arrow IPC file of the records, a record batch a chunk. A field that is a record becomes a struct, a list
 * a list; numbers are int32 where all of the first chunk are, else float64. What the first chunk's records have is what
 * all of them may have; a field that is missing in one is a null.
 *
 * @param chunks plain records: objects of texts, numbers, booleans, lists and such objects
 * @throws MillraceError MILLRACE_SHAPE for records that are no objects, and for one with a field or a kind of value that
 * the first chunk does not have
 */
export async function* arrowFile(chunks: AsyncIterable<readonly unknown[]>): AsyncGenerator<Uint8Array, void> {
  // Imported here since it takes 80 ms.
  const arrow = await import('apache-arrow');
  const written: Uint8Array[] = [];
  // Arrow's writer hands over all at once, when it is closed, unless it is given where to put what it writes.
  class Written extends arrow.AsyncByteQueue {
    override write(bytes: Uint8Array): void {
      written.push(bytes);
    }
  }
  const writer = new arrow.RecordBatchFileWriter();
  let type: Struct | undefined;
  for await (const records of chunks) {
    if (records.length === 0) continue;
    if (!type) {
      type = structOf(arrow, records);
      writer.reset(new Written(), new arrow.Schema(type.children));
    }
    for (const record of records) check(arrow, record, type, 'record');
    writer.write(batchOf(arrow, records, type));
    yield* written.splice(0);
  }
  // A file of no records has no fields.
  if (!type) writer.reset(new Written(), new arrow.Schema([]));
  writer.finish();
  yield* written;
}

function batchOf(arrow: Arrow, records: readonly unknown[], type: Struct): RecordBatch {
  const builder = arrow.makeBuilder({ type, nullValues: [undefined, null] });
  for (const record of records) builder.append(record as never);
  return new arrow.RecordBatch(new arrow.Schema(type.children), builder.finish().flush());
}

function structOf(arrow: Arrow, records: readonly unknown[]): Struct {
  const type = typeOf(arrow, records, 'record');
  if (arrow.DataType.isStruct(type)) return type;
  throw misfit('record', 'records that are objects', records[0]);
}

/** The type that holds all of these values; undefined and null are of any. */
function typeOf(arrow: Arrow, all: readonly unknown[], name: string): DataType {
  const values = all.filter((value) => value !== undefined && value !== null);
  const is = (type: string) => values.every((value) => typeof value === type);
  if (values.length === 0) return new arrow.Null();
  if (values.every((value) => Array.isArray(value))) {
    const items = (values as unknown[][]).flat();
    return new arrow.List(new arrow.Field('item', typeOf(arrow, items, name), true));
  }
  if (is('string')) return new arrow.Utf8();
  if (is('boolean')) return new arrow.Bool();
  if (is('number')) return values.every(isInt32) ? new arrow.Int32() : new arrow.Float64();
  if (is('object') && !values.some((value) => Array.isArray(value))) {
    const records = values as Fields[];
    const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
    const fields = names.map((field) => {
      const type = typeOf(
        arrow,
        records.map((record) => record[field]),
        field,
      );
      return new arrow.Field(field, type, true);
    });
    return new arrow.Struct(fields);
  }
  throw misfit(name, 'values of one kind, and records as objects', values[0]);
}

/** @throws MillraceError MILLRACE_SHAPE for a value that the type does not hold */
function check(arrow: Arrow, value: unknown, type: DataType, name: string): void {
  if (value === undefined || value === null) return;
  const { DataType } = arrow;
  if (DataType.isStruct(type)) {
    if (typeof value !== 'object' || Array.isArray(value)) throw misfit(name, 'an object', value);
    const known = new Map(type.children.map((field) => [field.name, field.type as DataType]));
    for (const [field, own] of Object.entries(value)) {
      const fieldType = known.get(field);
      if (own !== undefined && !fieldType) throw misfit(field, 'only fields that the first records have', own);
      if (fieldType) check(arrow, own, fieldType, field);
    }
  } else if (DataType.isList(type)) {
    if (!Array.isArray(value)) throw misfit(name, 'a list', value);
    for (const item of value) check(arrow, item, type.children[0]?.type as DataType, name);
  } else if (DataType.isUtf8(type) ? typeof value !== 'string' : DataType.isBool(type) && typeof value !== 'boolean') {
    throw misfit(name, `a value of type ${type}`, value);
  } else if (DataType.isInt(type) ? !isInt32(value) : DataType.isFloat(type) && typeof value !== 'number') {
    throw misfit(name, `a value of type ${type}`, value);
  } else if (DataType.isNull(type)) throw misfit(name, 'nothing, as in the first records', value);
}

function isInt32(value: unknown): boolean {
  return typeof value === 'number' && (value | 0) === value && !Object.is(value, -0);
}

function misfit(name: string, expected: string, found: unknown): MillraceError {
  return new MillraceError('MILLRACE_SHAPE', `The field "${name}" does not fit into the Arrow file`, {
    expected,
    found,
    hint: 'Write JSON lines instead, or select fields that all records have.',
  });
}
