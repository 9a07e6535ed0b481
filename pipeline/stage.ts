import { Pipeline } from './pipeline.ts';
import { type StageForm, type StageSpec, toSpec } from './spec.ts';

/**
 * A stage: a function from records to records. It is an IxJS operator (`from(xs).pipe(stage)`), a step of a
 * {@link Pipeline} (`pipeline.pipe(stage)`, where it travels in chunks) and a transform for Node's `stream.compose`.
 */
export interface Stage<In, Out> {
  (source: AsyncIterable<In>): Pipeline<Out>;
  readonly spec: StageSpec<In, Out>;
}

/**
 * Makes a stage.
 *
 * @param form either `record`, one record to one (with an optional `columns` for whole tables), or `stream`, chunks to
 * chunks, for whatever groups, reorders or remembers
 *
 * @example
 * const shout = defineStage<string, string>({ name: 'shout', record: (text) => `${text.toUpperCase()}!` });
 * await Pipeline.from(['hey']).pipe(shout).toArray(); // ['HEY!']
 */
export function defineStage<In, Out>(form: StageForm<In, Out>): Stage<In, Out> {
  const spec = toSpec(form);
  return Object.assign((source: AsyncIterable<In>) => Pipeline.from(source).stage(spec), { spec });
}
