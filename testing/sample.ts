import { ArrayChunk, type Chunk, type Pipeline, Random } from '../pipeline/index.ts';

/** What is to keep the laws: a stage, an operator (`(source) => source.take(3)`), or a chain of them. */
export type Subject<In, Out> = (source: Pipeline<In>) => Pipeline<Out>;

/** What a subject is tried with. */
export interface Sample<In> {
  /** Some ten to fifty; bad ones too, where the subject is to reject some. */
  readonly records: readonly In[];
  /** The same records as they travel in columns, for stages that have a form for these. */
  readonly table?: (records: readonly In[]) => Chunk<In>;
  /**
   * How many records the subject may have read beyond those that were needed: what it holds back or fetches ahead. Default
   * 0; Infinity for one that reads all before it gives any.
   */
  readonly ahead?: number;
  /** Of the ways in which the records are cut into chunks; the same seed, the same ways. Default 1. */
  readonly seed?: number;
}

export function oneByOne<T>(values: readonly T[]): Chunk<T>[] {
  return values.map((value) => new ArrayChunk([value]));
}

/** Ways for records to travel: one by one, all at once, and cut at random, empty chunks among them; as values and as tables. */
export function travelsOf<In>({ records, table, seed = 1 }: Sample<In>, ways = 8): Chunk<In>[][] {
  const random = new Random(seed);
  const whole = records.length;
  const sizes = [
    new Array<number>(whole).fill(1),
    [whole],
    ...Array.from({ length: ways }, () => randomSizes(whole, random)),
  ];
  const travels = sizes.map((cut) => chunksOf(records, cut, () => false));
  if (!table) return travels;
  const inTables = sizes.map((cut) => chunksOf(records, cut, () => true, table));
  const inTurn = sizes.map((cut) => chunksOf(records, cut, (turn) => turn % 2 === 0, table));
  return [...travels, ...inTables, ...inTurn];
}

function randomSizes(total: number, random: Random): number[] {
  const sizes: number[] = [];
  for (let left = total; left > 0; ) {
    const size = Math.min(left, random.below(6));
    sizes.push(size);
    left -= size;
  }
  return sizes;
}

function chunksOf<In>(
  records: readonly In[],
  sizes: readonly number[],
  isTable: (turn: number) => boolean,
  table?: (records: readonly In[]) => Chunk<In>,
): Chunk<In>[] {
  let at = 0;
  return sizes.map((size, turn) => {
    const part = records.slice(at, at + size);
    at += size;
    return table && isTable(turn) ? table(part) : new ArrayChunk(part);
  });
}
