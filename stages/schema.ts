import type { StandardSchemaV1 } from '@standard-schema/spec';
import { defineStage, MillraceError, type Stage } from '../pipeline/index.ts';
import { parseJson } from './formats/format.ts';
import type { Line } from './records.ts';

/**
 * Lines of JSON to whatever a schema makes of them. What it says is wrong becomes one bad record a line. The stage stays in
 * the main thread: a schema cannot be sent to another.
 */
export function parseWith<S extends StandardSchemaV1>(schema: S): Stage<Line, StandardSchemaV1.InferOutput<S>> {
  type Out = StandardSchemaV1.InferOutput<S>;
  const judge = (result: StandardSchemaV1.Result<unknown>, line: Line): Out => {
    if (!result.issues) return result.value as Out;
    throw new MillraceError('MILLRACE_BAD_RECORD', 'The record breaks its schema', {
      origin: line.origin,
      expected: result.issues.map(inWords).join('; '),
      found: line.text,
    });
  };
  const { vendor, validate } = schema['~standard'];
  const { stream } = defineStage<Line, Out>({
    name: 'parse',
    record(line, context) {
      if (line.text.trim() === '') return context.drop('blank line');
      const result = validate(parseJson(line));
      return result instanceof Promise ? result.then((settled) => judge(settled, line)) : judge(result, line);
    },
  }).spec;
  return defineStage<Line, Out>({
    name: 'parse',
    options: { schema: vendor },
    stream,
    async identify() {
      throw new MillraceError('MILLRACE_USAGE', 'Nobody could tell when a schema changes', {
        expected: 'no schema before a cache',
        found: vendor,
        hint: 'Cache the lines, or records of a format that has a name.',
      });
    },
  });
}

/** `at "premise.text": must be a string`. */
function inWords({ path = [], message }: StandardSchemaV1.Issue): string {
  const keys = path.map((segment) => String(typeof segment === 'object' ? segment.key : segment));
  return keys.length > 0 ? `at "${keys.join('.')}": ${message}` : message;
}
