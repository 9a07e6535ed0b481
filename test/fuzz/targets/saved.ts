/** What pipelines keep: caches of records, and states of runs that were stopped. */
import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { isIntact, listCaches } from '../../../pipeline/cache/store.ts';
import { MillraceError, type Pipeline, type PipelineState, toPlain } from '../../../pipeline/index.ts';
import { Random } from '../../../pipeline/random.ts';
import { bucket, ids, readPairs, type SentencePair, tokenize, Vocabulary } from '../../../stages/index.ts';
import { mutateJson } from '../json.ts';
import type { FuzzTarget } from '../target.ts';
import { file, snliLines } from './samples.ts';

async function writePairs(folder: string): Promise<string> {
  const path = join(folder, 'pairs.jsonl');
  await writeFile(path, file((await snliLines(40))[0]!));
  return path;
}

async function toJson(records: Pipeline<unknown>): Promise<string> {
  const all: unknown[] = [];
  for await (const record of records) all.push(toPlain(record));
  return JSON.stringify(all);
}

const cache: FuzzTarget = {
  async start(folder) {
    const pairs = await writePairs(folder);
    const caches = join(folder, 'caches');
    const tokens = () => readPairs(pairs).pipe(tokenize<SentencePair>('parse'));
    const cached = () => tokens().cache(caches);
    const expected = await toJson(tokens());
    await toJson(cached());
    const [name] = await readdir(caches);
    const place = join(caches, name!);
    return {
      seeds: [await readFile(place)],
      async read(path) {
        await copyFile(path, place);
        for (const entry of await listCaches(caches)) await isIntact(entry);
        if ((await toJson(cached())) !== expected) throw new Error('The records are not those that were cached');
        const names = await readdir(caches);
        if (names.length !== 1) throw new Error(`${names} are left`);
      },
    };
  },
};

const state: FuzzTarget = {
  async start(folder) {
    const pairs = await writePairs(folder);
    const vocabulary = await Vocabulary.build(readPairs(pairs).pipe(tokenize('parse')));
    const pipelines: readonly (() => Pipeline<unknown>)[] = [
      () =>
        readPairs(pairs)
          .pipe(tokenize<SentencePair>('parse'))
          .shuffle(10, 1)
          .pipe(ids(vocabulary))
          .pipe(bucket({ size: 4 })),
      () =>
        readPairs(pairs)
          .filter(({ id }) => !id.endsWith('3'))
          .take(30)
          .skip(2)
          .shard(0, 2),
      () => readPairs(pairs).concat(readPairs(pairs)).shuffleAll(3).prefetch(2),
      () =>
        readPairs(pairs)
          .interleave(readPairs(pairs))
          .rechunk(7)
          .balance(({ label }) => label, ['neutral', 'entailment', 'contradiction']),
    ];
    const states: Buffer[] = [];
    for (const make of pipelines) {
      for (const stop of [1, 5]) {
        const pipeline = make();
        let left = stop;
        for await (const _ of pipeline) if (--left === 0) break;
        states.push(Buffer.from(JSON.stringify(pipeline.state())));
      }
    }
    return {
      seeds: states,
      // What belongs to another pipeline or source is refused at once: only the rest is of interest here.
      mend(bytes) {
        const random = new Random(crc32(bytes));
        const { skip, stages, ...known } = JSON.parse(states[random.below(states.length)]!.toString());
        return Buffer.from(JSON.stringify({ ...known, ...Object(mutateJson({ skip, stages }, random)) }));
      },
      async read(_, bytes) {
        let stopped: PipelineState;
        try {
          stopped = JSON.parse(bytes.toString());
        } catch (cause) {
          // Who reads the file tells that it is no JSON.
          throw new MillraceError('MILLRACE_STATE', 'No JSON', { cause });
        }
        const errors: unknown[] = [];
        for (const make of pipelines) {
          try {
            await toJson(make().resume(stopped));
            return;
          } catch (error) {
            errors.push(error);
            if (!(error instanceof MillraceError)) throw error;
          }
        }
        throw errors[0];
      },
    };
  },
};

export const saved: Readonly<Record<string, FuzzTarget>> = { cache, state };
