import { Random } from '../random.ts';
import type { HeldOrdinals } from '../state.ts';

/** Which records a shuffle holds, by their ordinals, and what its generator is to draw next. */
interface Moment {
  readonly random: number | readonly number[];
  /** By place. */
  readonly ordinals: readonly number[];
  /** The ordinal of the next record to arrive. */
  readonly next: number;
}

/**
 * The draws of a windowed shuffle: which place each record takes, and with that, which record leaves.
 *
 * Where it is must be told for every chunk, though hardly anybody asks for it: so what is told is a moment of some draws
 * ago, of which there is one for many chunks, and how many draws there were since. The draws are made again if need be.
 */
export class ShuffleWindow {
  readonly #buffer: number;
  #random: Random;
  #ordinals: number[];
  #next: number;
  #past: Moment;
  #earliest: number;
  #arrived = 0;
  #left = 0;

  constructor(buffer: number, moment: Moment) {
    this.#buffer = buffer;
    this.#random = new Random(moment.random);
    this.#ordinals = [...moment.ordinals];
    this.#next = moment.next;
    this.#past = moment;
    this.#earliest = earliestOf(moment);
  }

  /** The generator's state. */
  get random(): readonly number[] {
    return this.#random.state;
  }

  /** The place of a record that comes: a new one until the window is full, then that of one that leaves. */
  arrive(): number {
    this.#remember();
    this.#arrived++;
    const place = this.#ordinals.length < this.#buffer ? this.#ordinals.length : this.#random.below(this.#buffer);
    this.#ordinals[place] = this.#next++;
    return place;
  }

  /** The place of a record that leaves when no more come; the last one in the window takes it. */
  leave(): number {
    this.#remember();
    this.#left++;
    const place = this.#random.below(this.#ordinals.length);
    const last = this.#ordinals.pop() as number;
    if (place < this.#ordinals.length) this.#ordinals[place] = last;
    return place;
  }

  /** The records in the window now; the earliest may be said to be earlier than it is. */
  held(): HeldOrdinals {
    if (this.#ordinals.length === 0) return { earliest: undefined, list: () => [] };
    const past = this.#past;
    const [arrived, left] = [this.#arrived, this.#left];
    return {
      earliest: this.#earliest,
      list: () => {
        const window = new ShuffleWindow(this.#buffer, past);
        for (let i = 0; i < arrived; i++) window.arrive();
        for (let i = 0; i < left; i++) window.leave();
        return window.#ordinals;
      },
    };
  }

  /** Once in so many draws that what it costs is nothing to them. */
  #remember(): void {
    if (this.#arrived + this.#left < Math.max(FEWEST_DRAWS, this.#ordinals.length)) return;
    this.#past = { random: this.#random.state, ordinals: [...this.#ordinals], next: this.#next };
    this.#earliest = earliestOf(this.#past);
    this.#arrived = 0;
    this.#left = 0;
  }
}

const FEWEST_DRAWS = 256;

function earliestOf({ ordinals, next }: Moment): number {
  return ordinals.reduce((least, ordinal) => Math.min(least, ordinal), next);
}
