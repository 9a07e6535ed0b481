/** A plan's records, written to a file the first time and read from it from then on. */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Chunk } from '../chunk.ts';
import { assertIdentifiable, definitionOf, fingerprint, identityOf } from '../definition.ts';
import { MillraceError } from '../errors.ts';
import { ownName, removeAbandoned } from '../files/own-name.ts';
import type { StageMeter } from '../meter.ts';
import type { Rejects } from '../rejects.ts';
import type { Plan } from '../run.ts';
import type { Source, SourceContext } from '../source.ts';
import { type Json, without } from '../state.ts';
import { version } from '../version.ts';
import { FrameReader, FrameWriter } from './frame-file.ts';
import { enter, type Ledger, ledgerOf } from './ledger.ts';
import { pack, unpack } from './packed-chunk.ts';
import { SERIAL_VERSION } from './serialized.ts';
import { pathOf } from './store.ts';

/** Goes up with every change in what the files look like. */
const FORMAT = 2;

/**
 * The records of a plan, from a file in `dir` if it has been run to its end before.
 *
 * The file's name is made of all that the records depend on: what the sources hold, the plan's definition, the versions
 * of this program and of the file format. So nothing stale is ever read. It is put in its place when the plan has ended
 * and its sources are still what they were; whoever stops early leaves nothing behind. A file that is damaged is noted in
 * the report, and the plan run again from where the damage begins.
 *
 * @throws MillraceError MILLRACE_USAGE for a plan over something that has no identity, such as an array
 */
export function cached<T>(plan: Plan<T>, dir: string): Source<T> {
  assertIdentifiable(plan);
  return {
    name: 'cache',
    plans: [plan],
    async *open(context) {
      const header = await headerOf(plan, context);
      const path = pathOf(dir, fingerprint(header));
      let given = 0;
      const file = await openFile(path, context);
      if (file) {
        try {
          const footer = file.footer as Footer;
          // Whoever wants to hear of bad records must be told of each.
          if (Object.keys(footer.rejected).length > 0 && !isSilent(plan, context.rejects))
            return yield* context.open(plan);
          for await (const chunk of read<T>(file, context)) {
            yield chunk;
            given += chunk.length;
          }
          if (given === footer.rows) return enter(footer, context.meter);
        } finally {
          await file.close();
        }
      }
      yield* without(written(plan, header, path, context), given);
    },
  };
}

/** What a file ends with. */
type Footer = Ledger & { readonly rows: number };

/** All that the records depend on. */
async function headerOf(plan: Plan<unknown>, { signal, rejects }: SourceContext): Promise<Json> {
  return {
    format: FORMAT,
    serial: SERIAL_VERSION,
    millrace: version,
    definition: definitionOf(plan),
    identity: await identityOf(plan, signal),
    // A run that would have ended at its limit must find no records behind that.
    limits: limitsOf(plan, rejects),
  };
}

/** The file, or undefined where there is none or it is not what it should be. */
async function openFile(path: string, { meter }: SourceContext): Promise<FrameReader | undefined> {
  try {
    return await FrameReader.open(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') noteDamage(meter);
    return undefined;
  }
}

/** The chunks of a file, up to where it is damaged. */
async function* read<T>(file: FrameReader, { meter }: SourceContext): AsyncGenerator<Chunk<T>, void> {
  const frames = file.frames();
  for (;;) {
    let chunk: Chunk<unknown>;
    try {
      const result = await frames.next();
      if (result.done) return;
      chunk = unpack(result.value);
    } catch {
      return noteDamage(meter);
    }
    yield chunk as Chunk<T>;
  }
}

/** What the report calls it. */
const DAMAGE = 'damaged cache files';

function noteDamage(meter: StageMeter): void {
  meter.tally(DAMAGE, 1);
}

/** The chunks of a plan, which are in the file when the last of them has been taken. */
async function* written<T>(
  plan: Plan<T>,
  header: Json,
  path: string,
  context: SourceContext,
): AsyncGenerator<Chunk<T>, void> {
  const writer = await orDiskError(path, createWriter(path, header));
  let rows = 0;
  try {
    const opened = context.open(plan);
    for await (const chunk of opened) {
      // Without empty chunks it is the rows that tell whether all frames have been read.
      if (chunk.length > 0) await orDiskError(path, writer.write(pack(chunk)));
      rows += chunk.length;
      yield chunk;
    }
    const now = await headerOf(plan, context);
    // What was read may be a mixture of what the sources held before and hold now.
    if (fingerprint(now) === fingerprint(header)) {
      const footer: Footer = { rows, ...ledgerOf(opened.meters()) };
      await orDiskError(path, writer.finish(footer));
    }
  } finally {
    await writer.discard();
  }
}

async function createWriter(path: string, header: Json): Promise<FrameWriter> {
  await mkdir(dirname(path), { recursive: true });
  await removeAbandoned(path);
  // Several iterations may write the same cache at once: each has its own file, and the last to be finished stays.
  return FrameWriter.create(path, ownName(path), header);
}

async function orDiskError<R>(path: string, work: Promise<R>): Promise<R> {
  try {
    return await work;
  } catch (cause) {
    throw new MillraceError('MILLRACE_NOT_FOUND', `The cache cannot be written (${(cause as Error).message})`, {
      origin: { source: path },
      hint: 'Make room there, or choose another folder.',
      cause,
    });
  }
}

/** Whether every bad record in the plan, and in the plans in it, is left out without a word. */
function isSilent({ source, rejects }: Plan<unknown>, outer: Rejects): boolean {
  const policy = rejects ?? outer;
  return policy.silent === true && (source.plans ?? []).every((plan) => isSilent(plan, policy));
}

/** How many bad records there may be in the plan, and in the plans in it. */
function limitsOf({ source, rejects }: Plan<unknown>, outer: Rejects): Json {
  const policy = rejects ?? outer;
  return { own: policy.limit ?? null, plans: (source.plans ?? []).map((plan) => limitsOf(plan, policy)) };
}
