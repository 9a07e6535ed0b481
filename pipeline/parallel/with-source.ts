import type { Chunk } from '../chunk.ts';
import type { StageMeter } from '../meter.ts';
import type { Rejects } from '../rejects.ts';
import type { Plan } from '../run.ts';
import type { Source } from '../source.ts';
import { untilAborted } from '../spec.ts';
import type { Capture, Json, Opened } from '../state.ts';
import { type Lead, ofCrew, settle } from './crew.ts';
import { enter, type Figures } from './figures.ts';
import { fromFrame } from './frame.ts';
import { Leg } from './leg.ts';
import type { LeadAnswer, Told } from './messages.ts';
import { NOT_SENT, onlyThere } from './only-there.ts';
import { Pool } from './pool.ts';
import { unpackError } from './portable-error.ts';
import { type Recipe, recipeOf, recipesOf, stagesHere } from './remote.ts';

type Stages = Plan<unknown>['stages'];

/** The beginning of a plan, as a run opens it. */
export interface Begun extends Required<Omit<Plan<unknown>, 'records' | 'rejects'>> {
  readonly lead: Lead;
  readonly rejects: Rejects;
  /** Of the source and of each stage. */
  readonly meters: readonly StageMeter[];
  readonly signal: AbortSignal;
  /** What the source and each stage kept of the run that this one goes on from. */
  readonly resumed: readonly Json[];
  /** Opens a plan in this thread, as a run of its own. */
  open(plan: Plan<unknown>, state: readonly Json[]): Opened<unknown>;
}

/** Chunks asked for ahead. The thread has one more in hand, and makes another. */
const AHEAD = 2;

/**
 * A source and the stages behind it in a worker thread, as one step of a run. The thread runs them as any run does; with
 * each chunk it tells where it is behind it, so that the run can go on from there in any thread.
 *
 * The main thread stays the one who decides: there is the error policy, and what was counted is entered with the chunk
 * that it belongs to. Whatever ends the run (an error, a policy that throws) is found out by going on in the main thread
 * from where the run was: so the records before it and the error are what they are without workers. So it goes on where
 * records cannot be sent, and so it begins for a crew that is yet to find out how many threads it is worth.
 */
export class WithSource {
  readonly #begun: Begun;
  #place: Capture;
  #recipes: Promise<Recipe[]> | undefined;

  constructor(begun: Begun) {
    this.#begun = begun;
    this.#place = () => begun.meters.map((_, i) => begun.resumed[i] ?? null);
  }

  /** Where the run is: behind the chunk that was given out last. */
  capture(): Capture {
    return this.#place;
  }

  async *chunks(): AsyncGenerator<Chunk<unknown>, void> {
    const { crew } = this.#begun.lead;
    if (crew.workers === undefined && (yield* this.#gauged())) return;
    if (crew.workers === 1) yield* this.#there();
    else yield* this.#here((await this.#stagesHere()).map((stage) => ofCrew(stage, crew)));
  }

  /**
   * Goes on here until it is known how many threads that is worth.
   *
   * @returns whether it came to its end
   */
  async *#gauged(): AsyncGenerator<Chunk<unknown>, boolean> {
    const { lead, stages, meters } = this.#begun;
    let gauge = lead.crew.gauge?.();
    return yield* this.#here(await this.#stagesHere(), ([_source, ...figures]) => {
      const findings = gauge?.add(figures.reduce((sum, { busy }) => sum + busy, 0));
      if (!findings) return false;
      gauge = undefined;
      settle(lead.crew, findings, stages, meters[0] as StageMeter);
      return findings.workers > 0;
    });
  }

  /**
   * Goes on in this thread.
   *
   * @param isEnough is asked behind each chunk, given what was counted, until it says so
   * @returns whether it came to its end
   */
  async *#here(
    stages: Stages,
    isEnough: (figures: readonly Figures[]) => boolean = () => false,
    rejects: Rejects = this.#begun.rejects,
  ): AsyncGenerator<Chunk<unknown>, boolean> {
    const { source, open } = this.#begun;
    let enough = false;
    let toldSinceChunk = false;
    const watched: Source<unknown> = {
      name: source.name,
      remote: () => source.remote?.(),
      async *open(context) {
        for await (const chunk of source.open(context)) {
          yield chunk;
          // Only when the stages have done with all that they had is the place behind the latest chunk one to leave at:
          // records that come before an error may have left before it. And nobody is to be told of a record twice.
          if (enough && !toldSinceChunk) throw LEFT;
        }
      },
    };
    const policy: Rejects = {
      reject(...rejected) {
        toldSinceChunk = true;
        rejects.reject(...rejected);
      },
    };
    const leg = new Leg(open({ source: watched, stages, rejects: policy }, this.#place()), stages.length);
    try {
      for (;;) {
        const { done, value } = await leg.next();
        const figures = leg.figures();
        this.#enter(figures);
        this.#place = leg.capture();
        toldSinceChunk = false;
        if (done) return true;
        if (value.length > 0) yield value;
        enough ||= isEnough(figures);
      }
    } catch (error) {
      if (error === LEFT) return false;
      this.#enter(leg.figures());
      throw error;
    } finally {
      await leg.close();
    }
  }

  /** Goes on in a worker thread; and here, where that comes to what it cannot decide. */
  async *#there(): AsyncGenerator<Chunk<unknown>, void> {
    const { lead, source, signal } = this.#begun;
    const recipes = await untilAborted(this.#recipesOnce(), signal);
    const own = await untilAborted(recipeOf(source.name, lead.remote, signal), signal);
    const pool = new Pool(1, { kind: 'lead', source: own, recipes, state: this.#place() });
    let question: Question | undefined;
    try {
      question = yield* this.#answers(pool);
    } finally {
      // What it opened is closed when we are.
      await pool.close();
    }
    if (question) yield* this.#decide(question);
  }

  /** @returns what is to be decided here, unless it came to its end */
  async *#answers(pool: Pool): AsyncGenerator<Chunk<unknown>, Question | undefined> {
    const { rejects, signal } = this.#begun;
    const asked: Promise<LeadAnswer>[] = [];
    // Bad records behind the last chunk of which the policy has been told.
    let told = 0;
    for (;;) {
      while (asked.length < AHEAD) {
        const request = pool.next();
        // It is awaited in its turn; until then a failure must not count as unhandled.
        request.catch(noop);
        asked.push(request);
      }
      const answer = await untilAborted(asked[0] as Promise<LeadAnswer>, signal);
      asked.shift();
      if (answer.kind === 'unmade') throw unpackError(answer.error);
      if (answer.kind === 'undone') {
        return { told, ...(answer.error !== undefined && { unless: onlyThere(answer.error) }) };
      }
      for (const one of answer.rejects) {
        const thrown = thrownBy(rejects, one);
        if (thrown) return { told, thrown, unless: thrown.error };
        told++;
      }
      if (answer.kind === 'rejected') continue;
      const { frame, after, figures } = answer;
      const chunk = frame && (await fromFrame(frame));
      this.#enter(figures);
      this.#place = () => JSON.parse(after) as Json[];
      told = 0;
      if (!chunk) return undefined;
      if (chunk.length > 0) yield chunk;
    }
  }

  async *#decide({ told, thrown, unless }: Question): AsyncGenerator<Chunk<unknown>, void> {
    const { rejects, meters } = this.#begun;
    let rejected = 0;
    const policy: Rejects = {
      reject(...one) {
        rejected++;
        if (thrown && rejected === told + 1) throw thrown.error;
        if (rejected > told) rejects.reject(...one);
      },
    };
    let chunks = 0;
    for await (const chunk of this.#here(await this.#stagesHere(), undefined, policy)) {
      // At most the records before the error come before it.
      if (unless !== undefined && ++chunks > 1) throw unless;
      yield chunk;
      if (unless === undefined) (meters[1] ?? meters[0])?.tally(NOT_SENT, chunk.length);
    }
    if (unless !== undefined) throw unless;
  }

  #enter(figures: readonly Figures[]): void {
    const { meters } = this.#begun;
    figures.forEach((one, i) => {
      enter(one, meters[i] as StageMeter, i === meters.length - 1);
    });
  }

  #recipesOnce(): Promise<Recipe[]> {
    this.#recipes ??= recipesOf(this.#begun.stages, this.#begun.signal);
    return this.#recipes;
  }

  /** The stages without worker threads. */
  async #stagesHere(): Promise<Stages> {
    const { stages, signal } = this.#begun;
    const made = await stagesHere(stages, await untilAborted(this.#recipesOnce(), signal));
    return made.map((stage) => ofCrew(stage, undefined));
  }
}

/** Thrown by a source that is left, to be opened again elsewhere. */
const LEFT = new Error('left');

/** What a worker thread left to this one, behind the last chunk. */
interface Question {
  /** Bad records of which the policy has been told, and is not to be told again. */
  readonly told: number;
  /** What it threw at the next one. */
  readonly thrown?: { readonly error: unknown };
  /** An error is expected here; this one, if no other comes. Without it the run just goes on here. */
  readonly unless?: unknown;
}

/** What the policy throws, if it does. */
function thrownBy(rejects: Rejects, { error, raw, counts }: Told): { readonly error: unknown } | undefined {
  try {
    rejects.reject(unpackError(error), raw, counts);
    return undefined;
  } catch (error) {
    return { error };
  }
}

function noop(): void {}
