import { ColumnChunk } from '../column-chunk.ts';
import type { Column } from '../columns.ts';
import { MillraceError } from '../errors.ts';
import { type StageSpec, toSpec } from '../spec.ts';

/**
 * The records with these fields only: so that what waits for its turn, travels or is kept holds no more than is needed.
 *
 * @param fields names; a dot descends into a nested record, `premise.ids`, and the name of a nested record means all of it;
 * fields that a record lacks are left out
 * @throws MillraceError MILLRACE_USAGE for no field at all
 */
export function select<T extends object, Out extends object>(fields: readonly string[]): StageSpec<T, Out> {
  if (fields.length === 0) {
    throw new MillraceError('MILLRACE_USAGE', 'Nothing would be left', { expected: 'one field or more' });
  }
  const isWanted = (name: string) => fields.some((field) => name === field || name.startsWith(`${field}.`));
  const paths = fields.map((field) => field.split('.'));
  return toSpec<T, Out>({
    name: 'select',
    options: { fields },
    remote: { module: import.meta.url, export: 'selectStage', args: [fields] },
    record: (value) => pick(value as Fields, paths) as Out,
    columns(chunk) {
      const kept = Object.entries(chunk.columns).filter(([name]) => isWanted(name)) as [string, Column][];
      return kept.length > 0 ? new ColumnChunk<Out>(Object.fromEntries(kept)) : undefined;
    },
  });
}

/** The stage as other threads make it. */
export function selectStage(fields: readonly string[]): { readonly spec: StageSpec<object, object> } {
  return { spec: select(fields) };
}

type Fields = Readonly<Record<string, unknown>>;

/** A copy with the fields at these paths, in the order of the paths. */
function pick(value: Fields, paths: readonly (readonly string[])[]): Fields {
  const picked: Record<string, unknown> = {};
  for (const name of new Set(paths.map(([first]) => first as string))) {
    const field = value[name];
    if (field === undefined) continue;
    const within = paths.filter(([first]) => first === name).map(([, ...rest]) => rest);
    const isWhole = within.some((rest) => rest.length === 0) || typeof field !== 'object' || field === null;
    const kept = isWhole ? field : pick(field as Fields, within);
    // A nested record of which nothing is left is left out, as a table without its columns has none.
    if (isWhole || Object.keys(kept as object).length > 0) picked[name] = kept;
  }
  return picked;
}
