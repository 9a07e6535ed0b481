/** What stages counted, on its way from the counters of one run, perhaps in another thread, into those of another. */
import type { StageMeter } from '../meter.ts';

/** What one stage counted. */
export interface Figures {
  readonly recordsIn: number;
  readonly recordsOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Milliseconds of work. */
  readonly busy: number;
  /** By the rule that was broken. */
  readonly rejected: ReadonlyMap<string, number>;
  /** The most records that it held back at a time. */
  readonly held: number;
  readonly dropped: ReadonlyMap<string, number>;
  readonly tallies: ReadonlyMap<string, number>;
}

export function figuresOf(meter: StageMeter): Figures {
  const { recordsIn, recordsOut, bytesIn, bytesOut, busy, held } = meter;
  const [rejected, dropped, tallies] = [new Map(meter.rejected), new Map(meter.dropped), new Map(meter.tallies)];
  return { recordsIn, recordsOut, bytesIn, bytesOut, busy, rejected, held, dropped, tallies };
}

/** What was counted since `before`. */
export function figuresSince(before: Figures | undefined, now: Figures): Figures {
  if (!before) return now;
  return {
    recordsIn: now.recordsIn - before.recordsIn,
    recordsOut: now.recordsOut - before.recordsOut,
    bytesIn: now.bytesIn - before.bytesIn,
    bytesOut: now.bytesOut - before.bytesOut,
    busy: now.busy - before.busy,
    rejected: countsSince(before.rejected, now.rejected),
    held: now.held,
    dropped: countsSince(before.dropped, now.dropped),
    tallies: countsSince(before.tallies, now.tallies),
  };
}

/** @param last whether what comes out is counted where the figures are entered */
export function enter(figures: Figures, meter: StageMeter, last: boolean): void {
  meter.recordsIn += figures.recordsIn;
  meter.bytesIn += figures.bytesIn;
  if (!last) {
    meter.recordsOut += figures.recordsOut;
    meter.bytesOut += figures.bytesOut;
  }
  meter.busyInCrew += figures.busy;
  meter.hold(figures.held);
  for (const [kind, count] of figures.rejected) meter.reject(kind, count);
  for (const [reason, count] of figures.dropped) meter.drop(reason, count);
  for (const [name, amount] of figures.tallies) meter.tally(name, amount);
}

function countsSince(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [name, count] of now) {
    const since = count - (before.get(name) ?? 0);
    if (since !== 0 || !before.has(name)) counts.set(name, since);
  }
  return counts;
}
