import { ArrayChunk } from '../chunk.ts';
import { MillraceError } from '../errors.ts';
import type { StageSpec } from '../spec.ts';
import { arrivals, checkpointOfHeld, type HeldState, heldOrdinals, Trail } from '../state.ts';

/**
 * As many records of one class as of every other: one of each class in turn, in the order in which the classes are
 * listed. What a class has in excess waits for the others; when more than `buffer` of them wait, and at the end, the rest is
 * dropped and counted.
 *
 * @param classOf the class of a record
 * @param classes all classes that there are; records of another are dropped
 * @param buffer records of one class that may wait
 * @throws MillraceError MILLRACE_USAGE for fewer than two classes or a buffer below 1
 */
export function balance<T>(
  classOf: (value: T) => string | undefined,
  classes: readonly string[],
  buffer = 10_000,
): StageSpec<T, T> {
  if (new Set(classes).size < 2 || !(Number.isInteger(buffer) && buffer > 0)) {
    throw new MillraceError('MILLRACE_USAGE', 'There is nothing to balance', {
      expected: 'two classes or more, and room for one waiting record or more',
      found: `${classes.length} classes, room for ${buffer}`,
    });
  }
  return {
    name: 'balance',
    options: { classOf, classes, buffer },
    async *stream(source, context) {
      const resumed = context.resumed as unknown as HeldState | undefined;
      const again = resumed?.again ?? 0;
      const held = new Set(resumed?.held);
      const waiting = new Map(classes.map((name) => [name, [] as { value: T; ordinal: number }[]]));
      const trail = new Trail();
      context.onCheckpoint(() => {
        const ordinals = [...waiting.values()].flatMap((queue) => queue.map(({ ordinal }) => ordinal));
        return checkpointOfHeld(trail, heldOrdinals(ordinals), trail.next, context);
      });
      for await (const arrival of arrivals(source, context, resumed?.skip)) {
        let ordinal = trail.next;
        trail.arrive(arrival);
        const out: T[] = [];
        for (const value of arrival.chunk) {
          const queue = waiting.get(classOf(value) ?? '');
          // What had been dealt with before the run was stopped only waits as it did.
          if (ordinal >= again || held.has(ordinal)) {
            if (!queue) context.drop('no class');
            else if (queue.length === buffer) context.drop('more than the other classes');
            else queue.push({ value, ordinal });
          }
          ordinal++;
          // A round is complete when the class that was waited for has come.
          if (queue?.length === 1 && [...waiting.values()].every((each) => each.length > 0)) {
            for (const each of waiting.values()) out.push((each.shift() as { value: T }).value);
          }
        }
        context.hold([...waiting.values()].reduce((sum, queue) => sum + queue.length, 0));
        if (out.length > 0) yield new ArrayChunk(out);
      }
      for (const queue of waiting.values()) for (const _ of queue) context.drop('more than the other classes');
    },
  };
}
