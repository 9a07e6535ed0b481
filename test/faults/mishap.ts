/** What can go wrong with a call to the file system, and which call it befalls. */
import { sep } from 'node:path';

/**
 * What a call fails with; or `short`: half of what was asked for is done, and said so, as systems may; or `torn`: half of
 * it is written, and then the disk is full.
 */
export type Fault = 'EACCES' | 'EIO' | 'EMFILE' | 'ENOSPC' | 'short' | 'torn';

/** The faults of each kind of call. */
export const faultsOf = {
  open: ['EACCES', 'EMFILE'],
  create: ['ENOSPC', 'EACCES'],
  read: ['EIO', 'short'],
  write: ['ENOSPC', 'torn', 'short'],
  close: ['EIO'],
  sync: ['EIO'],
  truncate: ['EIO'],
  stat: ['EIO'],
  rename: ['EACCES'],
  remove: ['EACCES'],
  mkdir: ['ENOSPC'],
  readdir: ['EIO'],
  utimes: ['EIO'],
} as const satisfies Record<string, readonly Fault[]>;

export type Operation = keyof typeof faultsOf;

/** What a full disk refuses. */
const GROWING: ReadonlySet<Operation> = new Set(['create', 'write', 'mkdir']);

export interface Mishap {
  /** The call that it befalls, counted from 0. */
  readonly number: number;
  readonly fault: Fault;
  /** So do all calls behind it: after ENOSPC those that need room, else every one. */
  readonly lasting?: boolean;
}

/** Counts the calls that concern a folder, and lets one fail. */
export class Fate {
  readonly calls: Operation[] = [];
  /** Whether it came to the call that fails. */
  struck = false;
  /** Calls count no more, and none fails, from when this is false on. */
  active = true;
  readonly #folder: string;
  readonly #mishap: Mishap | undefined;

  constructor(folder: string, mishap: Mishap | undefined) {
    this.#folder = folder;
    this.#mishap = mishap;
  }

  concerns(path: unknown): boolean {
    return this.active && `${path}${sep}`.startsWith(`${this.#folder}${sep}`);
  }

  /**
   * To be told of each call before it is done. Answers whether only half of it is to be done, or throws what it fails with.
   *
   * @param isOpen whether it is a call to an open file: those errors don't tell a path
   */
  meet(operation: Operation, path: unknown, isOpen = false): 'short' | 'torn' | undefined {
    if (!this.concerns(path)) return undefined;
    const number = this.calls.push(operation) - 1;
    if (!this.#mishap || number < this.#mishap.number) return undefined;
    const { fault, lasting = false } = this.#mishap;
    if (number > this.#mishap.number && !lasting) return undefined;
    if (lasting && fault === 'ENOSPC' && !GROWING.has(operation)) return undefined;
    this.struck = true;
    if (fault === 'short' || fault === 'torn') return fault;
    throw failure(fault, operation, isOpen ? undefined : String(path));
  }
}

/** An error as Node makes it. */
export function failure(code: string, syscall: string, path?: string): Error {
  const message = `${code}: injected, ${syscall}${path === undefined ? '' : ` '${path}'`}`;
  return Object.assign(new Error(message), { code, syscall, errno: -1, ...(path !== undefined && { path }) });
}
