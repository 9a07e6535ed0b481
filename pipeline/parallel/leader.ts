import type { Chunk } from '../chunk.ts';
import type { MillraceError } from '../errors.ts';
import type { RejectCounts, Rejects } from '../rejects.ts';
import { Run } from '../run.ts';
import type { Source } from '../source.ts';
import { allocate } from './buffers.ts';
import { toFrame } from './frame.ts';
import { Leg } from './leg.ts';
import type { Beginning, LeadAnswer, Told, Undone } from './messages.ts';
import { describe, packReject, unmade } from './portable-error.ts';
import { makeSource, makeStage } from './remote.ts';

/** A run's source and first stages in a worker thread. It makes one chunk more than it was asked for, and no others. */
export class Leader {
  readonly #post: (answer: LeadAnswer) => void;
  readonly #over = new AbortController();
  readonly #ended: Promise<void>;
  /** Bad records of which nobody has been told. */
  #rejected: { readonly error: MillraceError; readonly raw: unknown; readonly counts: RejectCounts | undefined }[] = [];
  /**
   * The latest chunk. It is given when the next one is there: records that come before an error may leave before it, and
   * then only the place before both is one to go on from.
   */
  #held: LeadAnswer | undefined;
  #asked = 0;
  #onAsked: (() => void) | undefined;

  constructor(beginning: Beginning & { kind: 'lead' }, post: (answer: LeadAnswer) => void) {
    this.#post = post;
    this.#ended = this.#run(beginning).catch((error) => this.#give({ kind: 'undone', error: describe(error) }));
  }

  /** One more answer is wanted. */
  ask(): void {
    this.#asked++;
    this.#onAsked?.();
  }

  /** Ends it, and what is under way. */
  async close(): Promise<void> {
    this.#over.abort();
    this.#onAsked?.();
    await this.#ended;
  }

  async #run({ source, recipes, state }: Beginning & { kind: 'lead' }): Promise<void> {
    let made: [Source<unknown>, ...Awaited<ReturnType<typeof makeStage>>[]];
    try {
      made = [await makeSource(source), ...(await Promise.all(recipes.map(makeStage)))];
    } catch (error) {
      return this.#give({ kind: 'unmade', error: unmade(error) });
    }
    const [origin, ...stages] = made;
    const rejects: Rejects = { reject: (error, raw, counts) => void this.#rejected.push({ error, raw, counts }) };
    const plan = { source: this.#watched(origin), stages, rejects };
    // Chunks are packed, that is copied, before the next one is asked for.
    const opened = new Run(this.#over.signal).open(plan, state, { consumes: true });
    const leg = new Leg(opened, stages.length);
    try {
      for (let last = false; !last; ) {
        const { done, value } = await leg.next();
        await this.#release();
        this.#held = this.#answer(leg, value ?? undefined);
        last = done === true || this.#held.kind === 'undone';
      }
      await this.#release();
    } finally {
      await leg.close();
    }
  }

  /** The same source; before it is asked for more, what there is to tell is told. */
  #watched(source: Source<unknown>): Source<unknown> {
    const { signal } = this.#over;
    const told = async () => {
      await this.#release();
      if (this.#rejected.length === 0) return;
      const rejects = this.#packRejects();
      await this.#give(rejects ? { kind: 'rejected', rejects } : { kind: 'undone' });
      if (!rejects) this.#over.abort();
    };
    return {
      name: source.name,
      async *open(context) {
        for await (const chunk of source.open(context)) {
          yield chunk;
          await told();
          signal.throwIfAborted();
        }
      },
    };
  }

  #answer(leg: Leg, chunk: Chunk<unknown> | undefined): LeadAnswer {
    const undone: Undone = { kind: 'undone' };
    const rejects = this.#packRejects();
    const sent = chunk && toFrame(chunk, allocate);
    if (!rejects || (chunk && !sent)) return undone;
    const after = JSON.stringify(leg.capture()());
    return { kind: 'made', frame: sent?.frame, after, figures: leg.figures(), rejects };
  }

  #packRejects(): Told[] | undefined {
    const told = this.#rejected.map(({ error, raw, counts }) => {
      const packed = packReject(error, raw);
      return packed && { ...packed, counts };
    });
    this.#rejected = [];
    return told.every((one) => one !== undefined) ? told : undefined;
  }

  async #release(): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    if (held) await this.#give(held);
  }

  /** Once it is wanted. */
  async #give(answer: LeadAnswer): Promise<void> {
    while (this.#asked === 0 && !this.#over.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#onAsked = resolve;
      });
    }
    if (this.#over.signal.aborted) return;
    this.#asked--;
    this.#post(answer);
  }
}
