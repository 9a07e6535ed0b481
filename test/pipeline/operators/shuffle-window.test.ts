import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { ShuffleWindow } from '../../../pipeline/operators/shuffle-window.ts';
import { Random } from '../../../pipeline/random.ts';
import { law } from '../laws.ts';

/** The same in the plainest way: after each draw the records in the window, by place. */
function* plainly(buffer: number, seed: number, count: number): Generator<readonly number[]> {
  const random = new Random(seed);
  const held: number[] = [];
  for (let ordinal = 0; ordinal < count; ordinal++) {
    if (held.length < buffer) held.push(ordinal);
    else held[random.below(buffer)] = ordinal;
    yield [...held];
  }
  while (held.length > 0) {
    const leaving = random.below(held.length);
    const last = held.pop() as number;
    if (leaving < held.length) held[leaving] = last;
    yield [...held];
  }
}

law(
  'what it told at any moment is what was in it then, told at the end',
  [fc.integer({ min: 1, max: 600 }), fc.nat(), fc.integer({ min: 1, max: 1500 })],
  (buffer, seed, count) => {
    const window = new ShuffleWindow(buffer, { random: seed, ordinals: [], next: 0 });
    const draws = [...plainly(buffer, seed, count)];
    // Each list is made by drawing again, so not after every draw.
    const told = draws.map((_, draw) => {
      if (draw < count) window.arrive();
      else window.leave();
      return draw % 97 === 0 || draw + 3 > draws.length ? window.held() : undefined;
    });
    told.forEach((held, draw) => {
      if (!held) return;
      const wanted = draws[draw] as readonly number[];
      assert.deepEqual(held.list(), wanted);
      if (wanted.length === 0) assert.equal(held.earliest, undefined);
      else assert.ok((held.earliest as number) <= Math.min(...wanted));
    });
  },
);

test('the earliest record that it tells moves on with the window', (t) => {
  const window = new ShuffleWindow(10, { random: 1, ordinals: [], next: 0 });
  for (let arrived = 0; arrived < 10_000; arrived++) window.arrive();
  const { earliest, list } = window.held();
  t.true(Math.min(...list()) - (earliest as number) <= 512);
});
