/** An event of Chrome's trace-event format ("complete", `ph: X`), as chrome://tracing and Perfetto read it. */
export interface TraceEvent {
  /** The stage. */
  readonly name: string;
  readonly ph: 'X';
  /** Microseconds since the run began. */
  readonly ts: number;
  readonly dur: number;
  readonly pid: number;
  /** Stages that wait for one another share a lane, in which the waiting stage's bar lies above. */
  readonly tid: number;
  readonly args: { readonly records: number };
}

/** Events kept at most; past that every second one goes, and from then on only every second one is taken. */
const MOST_EVENTS = 8192;

/** A sample of what a run did, even over its whole length, in bounded memory. */
export class Trace {
  #events: TraceEvent[] = [];
  #stride = 1;
  #seen = 0;

  /** @param start and `took` in milliseconds since the run began */
  add(name: string, lane: number, start: number, took: number, records: number): void {
    if (this.#seen++ % this.#stride !== 0) return;
    this.#events.push({ name, ph: 'X', ts: start * 1000, dur: took * 1000, pid: 1, tid: lane, args: { records } });
    if (this.#events.length < MOST_EVENTS) return;
    this.#events = this.#events.filter((_, i) => i % 2 === 0);
    this.#stride *= 2;
  }

  /** In the order in which they ended. */
  get events(): readonly TraceEvent[] {
    return this.#events;
  }
}
