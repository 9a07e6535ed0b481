/** Broken JSON that still is JSON: what a text with a hole in it never gets to. */
import type { Random } from '../../pipeline/random.ts';

const values: readonly unknown[] = [
  ...[null, true, '', 'a', [], {}, [[]], [null], { own: null }, { rerun: 1 }, { rerun: -1 }, { rerun: 'a' }],
  ...[0, 1, -1, 0.5, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53, 1e308, -(2 ** 31)],
];

/** The same with up to three values replaced by others, left out, or put in twice. */
export function mutateJson(json: unknown, random: Random): unknown {
  const root = { json: structuredClone(json) };
  for (let left = 1 + random.below(3); left > 0; left--) {
    const [holder, key] = pick(placesIn(root), random);
    if (Array.isArray(holder) && random.below(3) === 0) {
      holder.splice(Number(key), random.below(2), ...(random.below(2) === 0 ? [] : [holder[Number(key)]]));
    } else if (random.below(6) === 0 && !Array.isArray(holder) && holder !== root) delete holder[key];
    else Object.assign(holder, { [key]: structuredClone(pick(values, random)) });
  }
  return root.json;
}

type Holder = unknown[] | Record<string, unknown>;

/** Every value, as where it is. */
function placesIn(holder: Holder): [Holder, string][] {
  return Object.entries(holder).flatMap(([key, value]): [Holder, string][] => {
    const within = typeof value === 'object' && value !== null ? placesIn(value as Holder) : [];
    return [[holder, key], ...within];
  });
}

function pick<T>(all: readonly T[], random: Random): T {
  return all[random.below(all.length)]!;
}
