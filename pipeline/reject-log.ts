import { DistinctRecords } from './distinct-records.ts';
import type { MillraceError } from './errors.ts';
import { kindOf } from './reject-kinds.ts';
import type { RejectCounts, Rejects } from './rejects.ts';

/** A policy that also counts what it leaves out, each record once however many epochs come upon it. */
export class RejectLog implements Rejects {
  readonly silent: boolean;
  readonly limit: string | undefined;
  /** How many records broke which rule. */
  readonly leftOut = new Map<string, number>();
  readonly #policy: Rejects;
  readonly #told = new DistinctRecords();

  constructor(policy: Rejects) {
    this.#policy = policy;
    this.silent = policy.silent ?? false;
    this.limit = policy.limit;
  }

  reject(error: MillraceError, raw: unknown, counts?: RejectCounts): void {
    this.#policy.reject(error, raw, counts);
    if (!this.#told.add(error, raw)) return;
    const kind = kindOf(error);
    this.leftOut.set(kind, (this.leftOut.get(kind) ?? 0) + 1);
  }
}
