/**
 * A disk that fails. Every call to `node:fs` that concerns a folder is counted, and one of them, or all from one on, goes
 * wrong; all else of the process goes on as ever.
 *
 * Modules that import functions of `node:fs` by name see what is put in their place (`syncBuiltinESMExports`), so the code
 * under test has no seam for this. Functions that do several things at once, such as `writeFile`, are made of single calls
 * here, so that each of these can fail.
 */
import fs from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { Fate, failure, type Mishap, type Operation } from './mishap.ts';

export interface Outcome {
  /** The calls in their order. */
  readonly calls: readonly Operation[];
  readonly struck: boolean;
  /** What the work threw. */
  readonly error?: unknown;
}

/** Does some work on such a disk. One at a time in a process: tests that do so run serially. */
export async function onFaultyDisk(
  folder: string,
  mishap: Mishap | undefined,
  work: () => Promise<void>,
): Promise<Outcome> {
  const fate = new Fate(folder, mishap);
  const takeAway = install(fate);
  try {
    await work();
    return fate;
  } catch (error) {
    return { calls: fate.calls, struck: fate.struck, error };
  } finally {
    // What is still open goes on without faults.
    fate.active = false;
    takeAway();
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the functions of node:fs take what they take, and hand it on.
type Call = (...args: any[]) => any;
type Done = (error: Error | null, ...results: unknown[]) => void;

function install(fate: Fate): () => void {
  const places: [target: object, own: Record<string, Call>][] = [
    [fs, syncCalls(fate)],
    [fs, streamCalls(fate)],
    [fs.promises, promiseCalls(fate)],
  ];
  const before = places.map(([target, own]) =>
    Object.fromEntries(Object.keys(own).map((name) => [name, Reflect.get(target, name) as unknown])),
  );
  for (const [target, own] of places) Object.assign(target, own);
  syncBuiltinESMExports();
  return () => {
    for (const [i, [target]] of places.entries()) Object.assign(target, before[i]);
    syncBuiltinESMExports();
  };
}

/** To open a file that may have to be made, and to open one that must be there, fail in different ways. */
function openingBy(flags: unknown): Operation {
  const creates = typeof flags === 'number' ? (flags & fs.constants.O_CREAT) !== 0 : /^[wa]/.test(String(flags));
  return creates ? 'create' : 'open';
}

/** How many of so many bytes are done. */
function part(length: number, how: ReturnType<Fate['meet']>): number {
  return how && length > 1 ? length >> 1 : length;
}

function promiseCalls(fate: Fate): Record<string, Call> {
  const original = { ...fs.promises };
  const counted =
    (operation: Operation, call: Call) =>
    async (path: unknown, ...rest: unknown[]) => {
      fate.meet(operation, path);
      return call(path, ...rest);
    };
  const open = async (path: string, flags: string | number = 'r', mode?: number): Promise<FileHandle> => {
    fate.meet(openingBy(flags), path);
    const file = await original.open(path, flags, mode);
    return fate.concerns(path) ? watched(file, path, fate) : file;
  };
  /** Made of calls to the open file, where it is one of ours. */
  const composed =
    (name: 'readFile' | 'writeFile' | 'appendFile', flag: string) =>
    async (path: string, ...rest: unknown[]) => {
      if (!fate.concerns(path)) return (original[name] as Call)(path, ...rest);
      const file = await open(path, flag);
      try {
        return await (file[name] as Call)(...rest);
      } finally {
        await file.close();
      }
    };
  return {
    open,
    readFile: composed('readFile', 'r'),
    writeFile: composed('writeFile', 'w'),
    appendFile: composed('appendFile', 'a'),
    rename: counted('rename', original.rename),
    rm: counted('remove', original.rm),
    rmdir: counted('remove', original.rmdir),
    unlink: counted('remove', original.unlink),
    mkdir: counted('mkdir', original.mkdir),
    stat: counted('stat', original.stat),
    access: counted('stat', original.access),
    readdir: counted('readdir', original.readdir),
    utimes: counted('utimes', original.utimes),
  };
}

/** A file whose calls are counted too. */
function watched(file: FileHandle, path: string, fate: Fate): FileHandle {
  const original = {
    read: file.read.bind(file) as Call,
    write: file.write.bind(file) as Call,
    close: file.close.bind(file),
  };
  const counted =
    (operation: Operation, call: Call) =>
    async (...args: unknown[]) => {
      fate.meet(operation, path, true);
      return call.apply(file, args);
    };
  const read = async (bytes: Uint8Array, start: number, length: number, at: number | null) =>
    original.read(bytes, start, part(length, fate.meet('read', path, true)), at);
  const write = async (bytes: Uint8Array, start: number, length: number, at: number | null = null) => {
    const how = fate.meet('write', path, true);
    const result = await original.write(bytes, start, part(length, how), at);
    if (how === 'torn') throw failure('ENOSPC', 'write');
    return result as { bytesWritten: number };
  };
  const writeAll = async (data: string | Uint8Array | AsyncIterable<Uint8Array>) => {
    const isOne = typeof data === 'string' || data instanceof Uint8Array;
    for await (const piece of isOne ? [Buffer.from(data)] : data) {
      for (let at = 0; at < piece.length; ) at += (await write(piece, at, piece.length - at)).bytesWritten;
    }
  };
  const readAll = async (options?: BufferEncoding | { encoding?: BufferEncoding }) => {
    const pieces: Buffer[] = [];
    for (;;) {
      const piece = Buffer.alloc(1 << 16);
      const { bytesRead } = await read(piece, 0, piece.length, null);
      if (bytesRead === 0) break;
      pieces.push(piece.subarray(0, bytesRead));
    }
    const encoding = typeof options === 'string' ? options : options?.encoding;
    return encoding ? Buffer.concat(pieces).toString(encoding) : Buffer.concat(pieces);
  };
  const close = async () => {
    // As systems do: it is closed all the same, and nobody knows what of it was kept.
    await original.close();
    fate.meet('close', path, true);
  };
  return Object.assign(file, {
    ...{ read, write, close, readFile: readAll, writeFile: writeAll, appendFile: writeAll },
    sync: counted('sync', file.sync),
    datasync: counted('sync', file.datasync),
    truncate: counted('truncate', file.truncate),
    stat: counted('stat', file.stat),
  }) as FileHandle;
}

function syncCalls(fate: Fate): Record<string, Call> {
  const original = { ...fs };
  const paths = new Map<number, string>();
  const counted =
    (operation: Operation, call: Call) =>
    (path: unknown, ...rest: unknown[]) => {
      const open = paths.get(path as number);
      fate.meet(operation, open ?? path, open !== undefined);
      return call(path, ...rest);
    };
  const openSync = (path: string, flags: string | number = 'r', mode?: number) => {
    fate.meet(openingBy(flags), path);
    const file = original.openSync(path, flags, mode);
    if (fate.concerns(path)) paths.set(file, path);
    return file;
  };
  const closeSync = (file: number) => {
    original.closeSync(file);
    const path = paths.get(file);
    paths.delete(file);
    if (path !== undefined) fate.meet('close', path, true);
  };
  const writeSync = (file: number, data: string | Uint8Array, ...rest: unknown[]) => {
    const path = paths.get(file);
    if (path === undefined) return (original.writeSync as Call)(file, data, ...rest);
    const bytes = Buffer.from(data);
    const how = fate.meet('write', path, true);
    const written = original.writeSync(file, bytes, 0, part(bytes.length, how));
    if (how === 'torn') throw failure('ENOSPC', 'write');
    return written;
  };
  const writeAllSync =
    (flag: string, call: Call) =>
    (path: string | number, data: string | Uint8Array, ...rest: unknown[]) => {
      if (!paths.has(path as number) && !fate.concerns(path)) return call(path, data, ...rest);
      const file = typeof path === 'number' ? path : openSync(path, flag);
      try {
        const bytes = Buffer.from(data);
        for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes.subarray(at)) as number;
      } finally {
        if (file !== path) closeSync(file);
      }
    };
  return {
    ...{ openSync, closeSync, writeSync },
    writeFileSync: writeAllSync('w', original.writeFileSync),
    appendFileSync: writeAllSync('a', original.appendFileSync),
    mkdirSync: counted('mkdir', original.mkdirSync),
    statSync: counted('stat', original.statSync),
    fstatSync: counted('stat', original.fstatSync),
    ftruncateSync: counted('truncate', original.ftruncateSync),
    readFileSync: counted('open', original.readFileSync),
  };
}

/** What the streams of `node:fs` are made of. */
function streamCalls(fate: Fate): Record<string, Call> {
  const original = { ...fs };
  const paths = new Map<number, string>();
  /** Does it, or tells that it failed. */
  const unlessFailing = (meet: () => void, done: Done, call: () => void) => {
    try {
      meet();
    } catch (error) {
      process.nextTick(done, error);
      return;
    }
    call();
  };
  const written = (file: number, bytes: Uint8Array, at: unknown, told: unknown, done: Done) => {
    let how: ReturnType<Fate['meet']>;
    const meet = () => {
      how = fate.meet('write', paths.get(file), true);
    };
    unlessFailing(meet, done, () =>
      original.write(file, bytes, 0, part(bytes.length, how), at as number | null, (error, count) =>
        done(error ?? (how === 'torn' ? failure('ENOSPC', 'write') : null), count, told),
      ),
    );
  };
  return {
    open: (path: string, ...rest: unknown[]) => {
      const done = rest.at(-1) as Done;
      const opened = (error: Error | null, file?: number) => {
        if (file !== undefined && fate.concerns(path)) paths.set(file, path);
        done(error, file);
      };
      const call = () => (original.open as Call)(path, ...rest.slice(0, -1), opened);
      unlessFailing(() => fate.meet(openingBy(rest[0]), path), done, call);
    },
    close: (file: number, done: Done = () => {}) => {
      const path = paths.get(file);
      paths.delete(file);
      original.close(file, (error) =>
        unlessFailing(
          () => path !== undefined && fate.meet('close', path, true),
          done,
          () => done(error ?? null),
        ),
      );
    },
    write: (file: number, bytes: Uint8Array, ...rest: unknown[]) => {
      if (!paths.has(file)) return (original.write as Call)(file, bytes, ...rest);
      const [start, length, at, done] = rest as [number, number, number | null, Done];
      written(file, bytes.subarray(start, start + length), at, bytes, done);
    },
    writev: (file: number, pieces: Uint8Array[], ...rest: unknown[]) => {
      if (!paths.has(file)) return (original.writev as Call)(file, pieces, ...rest);
      written(file, Buffer.concat(pieces), rest.length > 1 ? rest[0] : null, pieces, rest.at(-1) as Done);
    },
    fsync: (file: number, done: Done) =>
      unlessFailing(
        () => fate.meet('sync', paths.get(file), true),
        done,
        () => original.fsync(file, done),
      ),
  };
}
