import { MillraceError } from '../errors.ts';
import type { Source } from '../source.ts';
import type { StageSpec } from '../spec.ts';
import { load, type Named } from './named.ts';

/**
 * How another thread makes a stage or a source for itself, since functions cannot be sent: the export of a module, and
 * what to call it with. Without `args` the export is what is wanted.
 *
 * What such a stage gives for a record must hang on that record alone: not on its index, on records before it, or on
 * anything that the stage changed elsewhere; unless it goes only where its source goes.
 */
export interface Remote extends Named {
  /** Sent to each thread once a run, as `postMessage` copies; a function is asked for them when the run begins. */
  readonly args?: readonly unknown[] | ((signal: AbortSignal) => readonly unknown[] | Promise<readonly unknown[]>);
  /**
   * Of a stage that remembers what came before: that it goes to another thread only with all that is before it, the source
   * included. It must keep its state with `onCheckpoint`, or be one that can be run again from the beginning.
   */
  readonly withSource?: true;
}

/** A stage or source that another thread can make, and with what. */
export interface Recipe {
  readonly name: string;
  readonly by: Named;
  readonly args?: readonly unknown[];
}

/** @throws whatever is thrown where the arguments must be asked for */
export async function recipeOf(name: string, remote: Remote, signal: AbortSignal): Promise<Recipe> {
  const { module, export: exported, args } = remote;
  const by = { module, export: exported };
  return { name, by, ...(args && { args: typeof args === 'function' ? await args(signal) : args }) };
}

export function recipesOf(stages: readonly StageSpec<unknown, unknown>[], signal: AbortSignal): Promise<Recipe[]> {
  return Promise.all(stages.map(({ name, remote }) => recipeOf(name, remote as Remote, signal)));
}

/** @throws MillraceError MILLRACE_USAGE if that makes no stage, or one of another name */
export async function makeStage(recipe: Recipe): Promise<StageSpec<unknown, unknown>> {
  const made = (await make(recipe)) as { spec?: StageSpec<unknown, unknown> } | undefined;
  if (made?.spec?.name === recipe.name) return made.spec;
  throw notMade('stage', recipe, made?.spec?.name ?? made);
}

/** @throws MillraceError MILLRACE_USAGE if that makes no source, or one of another name */
export async function makeSource(recipe: Recipe): Promise<Source<unknown>> {
  const made = (await make(recipe)) as Source<unknown> | undefined;
  if (made?.name === recipe.name && typeof made.open === 'function') return made;
  throw notMade('source', recipe, made?.name ?? made);
}

/**
 * The stages for this thread: one that had to ask for its arguments is made of the answer, since it would ask again
 * whenever it runs.
 *
 * @param recipes of the stages, in the same order
 */
export function stagesHere(
  stages: readonly StageSpec<unknown, unknown>[],
  recipes: readonly Recipe[],
): Promise<StageSpec<unknown, unknown>[]> {
  return Promise.all(
    stages.map((stage, i) => (typeof stage.remote?.args === 'function' ? makeStage(recipes[i] as Recipe) : stage)),
  );
}

async function make({ by, args }: Recipe): Promise<unknown> {
  const exported = await load(by);
  const isMaker = typeof exported === 'function' && !('spec' in exported);
  return args && isMaker ? exported(...args) : exported;
}

function notMade(kind: string, { name, by, args }: Recipe, found: unknown): MillraceError {
  return new MillraceError('MILLRACE_USAGE', `What should make the ${kind} "${name}" in other threads does not`, {
    origin: { source: by.module },
    expected: `${by.export}${args ? '(...)' : ''} to be the ${kind} "${name}"`,
    found,
  });
}
