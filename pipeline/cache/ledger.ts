/**
 * What the stages of a plan leave out and count, kept with their records: so that a run that is given the records out of
 * a file can report what became of the others.
 */
import type { StageMeter } from '../meter.ts';
import type { Plan } from '../run.ts';
import type { Source, SourceContext } from '../source.ts';
import type { StageContext, StageSpec } from '../spec.ts';
import type { Json } from '../state.ts';

type Figures = Record<string, number>;

export class Ledger {
  rejected = 0;
  readonly dropped: Figures = {};
  readonly tallies: Figures = {};
  /** Of the plan's sources: one that is a cache itself has entered there what it was told by its file. */
  readonly #sources: StageMeter[] = [];

  static fromJson(json: Json): Ledger {
    const { rejected, dropped, tallies } = json as { rejected: number; dropped: Figures; tallies: Figures };
    const ledger = new Ledger();
    ledger.rejected = rejected;
    Object.assign(ledger.dropped, dropped);
    Object.assign(ledger.tallies, tallies);
    return ledger;
  }

  toJson(): { readonly rejected: number; readonly dropped: Figures; readonly tallies: Figures } {
    const sources = this.#sources;
    return {
      rejected: sources.reduce((sum, { rejected }) => sum + rejected, this.rejected),
      dropped: sumOf([this.dropped, ...sources.map(({ dropped }) => Object.fromEntries(dropped))]),
      tallies: sumOf([this.tallies, ...sources.map(({ tallies }) => Object.fromEntries(tallies))]),
    };
  }

  /** Enters everything in the counters of a stage. */
  addTo(meter: StageMeter): void {
    meter.rejected += this.rejected;
    for (const [reason, n] of Object.entries(this.dropped))
      meter.dropped.set(reason, n + (meter.dropped.get(reason) ?? 0));
    for (const [name, n] of Object.entries(this.tallies)) meter.tallies.set(name, n + (meter.tallies.get(name) ?? 0));
  }

  /** The plan, with all that it leaves out and counts entered here too. */
  watch<T>({ source, stages, rejects }: Plan<T>): Plan<T> {
    return { source: this.#watchSource(source), stages: stages.map((stage) => this.#watchStage(stage)), rejects };
  }

  #watchSource(source: Source<unknown>): Source<unknown> {
    return {
      ...source,
      name: source.name,
      open: (context: SourceContext) => {
        this.#sources.push(context.meter);
        return source.open({ ...context, open: (plan, state) => context.open(this.watch(plan), state) });
      },
    };
  }

  #watchStage(stage: StageSpec<unknown, unknown>): StageSpec<unknown, unknown> {
    return {
      ...stage,
      stream: (source, context) => stage.stream(source, this.#watchContext(context)),
    };
  }

  #watchContext(context: StageContext): StageContext {
    return {
      ...context,
      reject: (error, raw) => {
        this.rejected++;
        context.reject(error, raw);
      },
      drop: (reason) => {
        this.dropped[reason] = (this.dropped[reason] ?? 0) + 1;
        return context.drop(reason);
      },
      tally: (name, amount) => {
        this.tallies[name] = (this.tallies[name] ?? 0) + amount;
        context.tally(name, amount);
      },
    };
  }
}

function sumOf(all: readonly Figures[]): Figures {
  const sum: Figures = {};
  for (const figures of all) for (const [name, n] of Object.entries(figures)) sum[name] = (sum[name] ?? 0) + n;
  return sum;
}
