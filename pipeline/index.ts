/**
 * The streaming core: records that travel in chunks through lazy stages. It knows no text and no tensors.
 *
 * - A {@link Pipeline} is a source and stages; it runs when it is iterated.
 * - {@link defineStage} makes a stage from a function over records, tables or chunks.
 * - A {@link Chunk} is how records travel: {@link ArrayChunk} for values, {@link ColumnChunk} for tables.
 */
export { type CacheEntry, isIntact, listCaches, removeCache } from './cache/store.ts';
export { ArrayChunk, CHUNK_LENGTH, type Chunk } from './chunk.ts';
export { ColumnChunk, type Columns } from './column-chunk.ts';
export {
  type Column,
  ConstantColumn,
  DictionaryColumn,
  Int32Column,
  Int32ListColumn,
  Utf8Column,
  Utf8ListColumn,
} from './columns.ts';
export { type Definition, definitionOf, fingerprint, identityOf } from './definition.ts';
export {
  type ErrorCode,
  type ErrorDetails,
  errorCodes,
  formatOrigin,
  MillraceError,
  type Origin,
  unknownName,
} from './errors.ts';
export type { Report, StageReport } from './meter.ts';
export type { Choice } from './parallel/gauge.ts';
export type { Named } from './parallel/named.ts';
export type { Remote } from './parallel/remote.ts';
export { Pipeline } from './pipeline.ts';
export { Random } from './random.ts';
export { extend, isView, toPlain } from './record.ts';
export { limitRejects } from './reject-limit.ts';
export { RejectLog } from './reject-log.ts';
export {
  failOnReject,
  parseOnError,
  quarantinePath,
  quarantineRejects,
  type RejectCounts,
  type Rejects,
  skipRejects,
} from './rejects.ts';
export type { Plan } from './run.ts';
export type { Source, SourceContext } from './source.ts';
export {
  DROP,
  type RecordForm,
  resumedCount,
  type StageContext,
  type StageForm,
  type StageSpec,
  type StreamForm,
} from './spec.ts';
export { defineStage, type Stage } from './stage.ts';
export {
  arrivals,
  type Capture,
  type Checkpoint,
  checkpointOfHeld,
  type HeldOrdinals,
  type HeldState,
  type Json,
  type PipelineState,
  Trail,
} from './state.ts';
export type { TraceEvent } from './trace.ts';
