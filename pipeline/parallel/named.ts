import { MillraceError } from '../errors.ts';

/** Something that another thread can find too: what a module exports under a name. */
export interface Named {
  /** The module's URL: its own `import.meta.url`. */
  readonly module: string;
  readonly export: string;
}

const loaded = new Map<string, Promise<unknown>>();

/**
 * The export, loaded once a thread.
 *
 * @throws MillraceError MILLRACE_USAGE where there is no such module or export; an error of the module itself as it is
 */
export function load(named: Named): Promise<unknown> {
  const key = JSON.stringify([named.module, named.export]);
  let value = loaded.get(key);
  if (!value) {
    value = find(named);
    loaded.set(key, value);
  }
  return value;
}

async function find({ module, export: name }: Named): Promise<unknown> {
  const exports = (await import(module)) as Record<string, unknown>;
  if (Object.hasOwn(exports, name)) return exports[name];
  throw new MillraceError('MILLRACE_USAGE', `A module that other threads need has no export "${name}"`, {
    origin: { source: module },
    expected: `one of ${Object.keys(exports).join(', ')}`,
    found: name,
  });
}
