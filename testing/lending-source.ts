import { ArrayChunk, type Chunk, ColumnChunk, Pipeline, Utf8Column, Utf8ListColumn } from '../pipeline/index.ts';

/**
 * A source that takes back the memory of each chunk when the next one is asked for, if the run lets it: it overwrites the
 * bytes that text columns are in, and those in fields of records.
 */
export function lendingSource<T>(chunks: readonly Chunk<T>[]): Pipeline<T> {
  return Pipeline.fromSource<T>({
    name: 'lending',
    async *open({ lent }) {
      for (const chunk of chunks) {
        const { copy, memory } = withOwnMemory(chunk);
        yield copy;
        if (lent) for (const bytes of memory) bytes.fill(0x21);
      }
    },
  });
}

function withOwnMemory<T>(chunk: Chunk<T>): { readonly copy: Chunk<T>; readonly memory: readonly Uint8Array[] } {
  const memory: Uint8Array[] = [];
  const own = (bytes: Uint8Array) => {
    const copy = Buffer.from(Uint8Array.from(bytes).buffer);
    memory.push(copy);
    return copy;
  };
  const ownText = ({ data, starts, ends }: Utf8Column) => new Utf8Column(own(data), starts, ends);
  const ownField = (value: unknown) => {
    if (value instanceof Uint8Array) return own(value);
    if (value instanceof Utf8Column) return ownText(value);
    if (value instanceof Utf8ListColumn) return new Utf8ListColumn(ownText(value.items), value.starts, value.ends);
    return value;
  };
  const ownFields = <R extends object>(record: R): R =>
    Object.fromEntries(Object.entries(record).map(([name, value]) => [name, ownField(value)])) as R;
  const isPlain = (value: unknown): value is object => Object.getPrototypeOf(Object(value)) === Object.prototype;
  const copy =
    chunk instanceof ColumnChunk
      ? new ColumnChunk<T>(ownFields(chunk.columns))
      : new ArrayChunk(Array.from(chunk, (value) => (isPlain(value) ? ownFields(value) : value)));
  return { copy, memory };
}
