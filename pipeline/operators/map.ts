import { type StageSpec, toSpec } from '../spec.ts';

/** Each record through `fn`, which may be asynchronous; the order stays. */
export function map<In, Out>(fn: (value: In, index: number) => Out | Promise<Out>): StageSpec<In, Out> {
  return toSpec<In, Out>({ name: 'map', options: { fn }, record: (value, _context, index) => fn(value, index) });
}
