import { type StageSpec, toSpec } from '../spec.ts';

/** The records as they are; `look` sees each on its way. */
export function tap<T>(look: (value: T, index: number) => void | Promise<void>): StageSpec<T, T> {
  return toSpec<T, T>({
    name: 'tap',
    options: { look },
    record(value, _context, index) {
      const done = look(value, index);
      return done instanceof Promise ? done.then(() => value) : value;
    },
  });
}
