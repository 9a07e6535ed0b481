/**
 * What became of the records that did not come out, kept with those that did: so that a run that is given the records out
 * of a file can report it.
 */
import type { StageMeter } from '../meter.ts';

type Figures = Readonly<Record<string, number>>;

/** The counts of all stages of a plan together, in plain JSON. */
export type Ledger = { readonly rejected: Figures; readonly dropped: Figures; readonly tallies: Figures };

export function ledgerOf(meters: readonly StageMeter[]): Ledger {
  return {
    rejected: sum(meters.map(({ rejected }) => rejected)),
    dropped: sum(meters.map(({ dropped }) => dropped)),
    tallies: sum(meters.map(({ tallies }) => tallies)),
  };
}

/** Enters everything in the counters of one stage. */
export function enter({ rejected, dropped, tallies }: Ledger, meter: StageMeter): void {
  for (const [kind, count] of Object.entries(rejected)) meter.reject(kind, count);
  for (const [reason, count] of Object.entries(dropped)) meter.drop(reason, count);
  for (const [name, amount] of Object.entries(tallies)) meter.tally(name, amount);
}

function sum(all: readonly ReadonlyMap<string, number>[]): Figures {
  const figures: Record<string, number> = {};
  for (const [name, amount] of all.flatMap((one) => [...one])) figures[name] = (figures[name] ?? 0) + amount;
  return figures;
}
