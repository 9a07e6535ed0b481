/**
 * What the tests of the text stages share: the same data as tables and as plain values, cut anywhere, and the laws that
 * hold for every stage.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import {
  ArrayChunk,
  type Chunk,
  ColumnChunk,
  defineStage,
  MillraceError,
  type Origin,
  Pipeline,
  type StageSpec,
  toPlain,
} from '../../pipeline/index.ts';
import { lines } from '../../stages/lines.ts';
import type { Block, Line } from '../../stages/records.ts';
import { laws } from '../../testing/index.ts';
import { temporaryFolder } from './files.ts';

export const origin: Origin = { source: 'corpus.zip', entry: 'corpus.jsonl' };

/** A stage of any kind, for lists of them. */
export type AnyStage = { readonly spec: object };

/** A file as blocks of the given sizes, the sizes in turn; one block if there are none. */
export function cut(file: string | Uint8Array, sizes: readonly number[] = [], from: Origin = origin): Block[] {
  const bytes = Buffer.from(file);
  const blocks: Block[] = [];
  let at = 0;
  do {
    const size = sizes.length === 0 ? bytes.length : (sizes[blocks.length % sizes.length] as number);
    blocks.push({ bytes: bytes.subarray(at, at + size), origin: from, last: at + size >= bytes.length });
    at += size;
  } while (at < bytes.length);
  return blocks;
}

/** The lines of a file, as a table. */
export function linesOf(file: string | Uint8Array, sizes?: readonly number[]): Pipeline<Line> {
  return Pipeline.from(cut(file, sizes)).pipe(lines);
}

/** One line of a file, as a plain value. */
export function line(text: string, number = 1): Line {
  return { text, origin: { ...origin, line: number } };
}

/** The records as plain objects, in small chunks of values. */
const plain = defineStage<unknown, unknown>({
  name: 'plain',
  async *stream(source) {
    for await (const chunk of source) {
      for (let at = 0; at < chunk.length; at += 3) yield new ArrayChunk(Array.from(chunk.slice(at, at + 3), toPlain));
    }
  },
});

/** All that a run shows of itself: records as they would be printed, what was left out and why. */
export interface Outcome {
  readonly records: readonly string[];
  /** Error and raw record of each that broke a rule; sorted, since a stage gets a chunk when the one before is done. */
  readonly rejected: readonly string[];
  readonly dropped: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly tallies: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly failure: string | undefined;
}

export async function outcomeOf(pipeline: Pipeline<unknown>): Promise<Outcome> {
  const rejected: string[] = [];
  const watched = pipeline.onError({
    reject: (error, raw) => void rejected.push(JSON.stringify({ error, raw: toPlain(raw) })),
  });
  const records: string[] = [];
  let failure: string | undefined;
  try {
    for await (const record of watched) records.push(JSON.stringify(toPlain(record)));
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    failure = JSON.stringify(error);
  }
  const stages = watched.report().stages.filter(({ name }) => name !== 'plain' && name !== 'from');
  return {
    records,
    rejected: rejected.sort(),
    dropped: Object.fromEntries(stages.map(({ name, dropped }) => [name, dropped])),
    tallies: Object.fromEntries(stages.map(({ name, tallies }) => [name, tallies])),
    failure,
  };
}

/**
 * The law of all stages: the same outcome whether records travel as tables or as values, and however the file was cut.
 *
 * @param stages what follows `lines`
 * @returns that outcome
 */
export async function assertForms(
  t: ExecutionContext,
  file: string | Uint8Array,
  stages: readonly AnyStage[],
  sizes: readonly number[] = [],
): Promise<Outcome> {
  const inTables = await assertSameInValues(t, linesOf(file), stages);
  t.deepEqual(await outcomeOf(chain(linesOf(file, sizes), stages)), inTables, `blocks of ${sizes} bytes differ`);
  return inTables;
}

/** The half of that law that is about tables and values. */
export async function assertSameInValues(
  t: ExecutionContext,
  tables: Pipeline<unknown>,
  stages: readonly AnyStage[],
): Promise<Outcome> {
  const inTables = await outcomeOf(chain(tables, stages));
  const asValues = stages.flatMap((stage) => [plain, stage]);
  t.deepEqual(await outcomeOf(chain(tables, asValues)), inTables, 'values and tables differ');
  return inTables;
}

export function chain(pipeline: Pipeline<unknown>, stages: readonly AnyStage[]): Pipeline<unknown> {
  return stages.reduce((piped, stage) => piped.stage(stage.spec as StageSpec<unknown, unknown>), pipeline);
}

/** Whether tables stay tables in these stages, so that a test of tables tests what it says. */
export async function staysTable(file: string, stages: readonly AnyStage[]): Promise<boolean> {
  const chunks: Chunk<unknown>[] = [];
  for await (const chunk of chain(linesOf(file), stages).chunks()) chunks.push(chunk);
  return chunks.length > 0 && chunks.every((chunk) => chunk instanceof ColumnChunk);
}

/**
 * The error that a pipeline fails with. Where it is a bad record's, the other policies are tried too: `skip` counts it,
 * `quarantine` also writes it down.
 */
export async function errorOf(t: ExecutionContext, pipeline: Pipeline<unknown>): Promise<MillraceError> {
  const error = await t.throwsAsync(pipeline.toArray(), { instanceOf: MillraceError });
  if (error.code === 'MILLRACE_BAD_RECORD') {
    const skipping = pipeline.onError('skip');
    const left = (await skipping.toArray()).map(toPlain);
    t.true(rejectedBy(skipping) > 0, 'nothing was counted as rejected');
    const path = join(await temporaryFolder(t), 'bad.jsonl');
    const putAside = pipeline.onError(`quarantine:${path}`);
    t.deepEqual((await putAside.toArray()).map(toPlain), left);
    const rows = (await readFile(path, 'utf8')).trimEnd().split('\n');
    t.is(rows.length, rejectedBy(putAside));
    t.deepEqual(JSON.parse(rows[0] as string).error, JSON.parse(JSON.stringify(error)));
  }
  return error;
}

function rejectedBy(pipeline: Pipeline<unknown>): number {
  return pipeline.report().stages.reduce((sum, stage) => sum + stage.rejected, 0);
}

/** A stage closes its source when its consumer stops early, and when the run is aborted. */
export async function assertCloses(t: ExecutionContext, stage: AnyStage, records: readonly unknown[]): Promise<void> {
  const sample = { records: Array.from({ length: 12 }, (_, i) => records[i % records.length]) };
  const subject = (source: Pipeline<unknown>) => chain(source, [stage]);
  await t.notThrowsAsync(laws.closesOnEarlyStop(subject, sample));
  await t.notThrowsAsync(laws.closesOnAbort(subject, sample));
}
