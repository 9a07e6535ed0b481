import { MillraceError, type Origin } from '../pipeline/index.ts';

/** For stages that need what another stage makes. */
export function missingField(field: string, origin: Origin | undefined, hint: string): MillraceError {
  return new MillraceError('MILLRACE_SHAPE', `The sentence has no ${field}`, { ...(origin && { origin }), hint });
}
