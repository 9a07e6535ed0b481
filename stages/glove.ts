import { ArrayChunk, defineStage, MillraceError, Random, type Stage, unknownName } from '../pipeline/index.ts';
import { copyTexts } from './kernels/texts.ts';
import type { Block } from './records.ts';
import { SpellingIndex } from './spelling.ts';
import { readVectors, scanVectors, type VectorRows, type WordVector } from './vectors.ts';
import { UNK_ID, type Vocabulary } from './vocabulary.ts';

/** What a word gets that the vectors lack. */
export const missingPolicies = {
  zero: 'zeros',
  random: 'seeded normal values with the mean and deviation of the vectors found',
  mean: 'the mean of the vectors found',
  nearest:
    'the vector of the word spelt most like it (Levenshtein distance 1, or 2 from six letters on), else random values',
} as const;

export type MissingPolicy = keyof typeof missingPolicies;

export interface GloveOptions {
  /** Default `random`. */
  readonly missing?: MissingPolicy;
  /** For the random values. Default 0. */
  readonly seed?: number;
}

/** A vocabulary's vectors. */
export interface Embeddings {
  readonly dimension: number;
  /** Row-major `[vocabulary size, dimension]`; the row of `<pad>` is zero, that of `<unk>` the mean. */
  readonly matrix: Float32Array;
  readonly coverage: Coverage;
}

/** How much of a vocabulary the vectors know, `<pad>` and `<unk>` not counted. */
export interface Coverage {
  readonly words: number;
  readonly found: number;
  /** The share of running words that were found, by the vocabulary's counts. */
  readonly tokenShare: number;
  readonly missing: readonly string[];
  /** For `nearest`: which word stood in for which. */
  readonly standIns: Readonly<Record<string, string>>;
}

/** How far from a word another may be to stand in for it: an edit for every three letters, two at most. */
function farthestSpelling(word: string): number {
  return Math.min(2, Math.floor(word.length / 3));
}

/**
 * The vectors of the vocabulary's words, streamed out of a text file of vectors (Pennington et al. 2014, "GloVe: Global
 * vectors for word representation") of which only the wanted rows are parsed and nothing else is held.
 *
 * @param open opens the file; called twice for `nearest`, once else
 * @throws MillraceError MILLRACE_BAD_RECORD for a wanted row that is no vector; MILLRACE_NOT_FOUND if no word of the
 * vocabulary has one
 */
export async function loadGlove(
  open: () => AsyncIterable<Block>,
  vocabulary: Vocabulary,
  { missing = 'random', seed = 0 }: GloveOptions = {},
): Promise<Embeddings> {
  if (!Object.hasOwn(missingPolicies, missing))
    throw unknownName('policy for missing words', missing, Object.keys(missingPolicies));
  const spelling = missing === 'nearest' ? new SpellingIndex() : undefined;
  const table = await readWords(open(), vocabulary, spelling);

  const lacking = vocabulary.tokens.filter((_, id) => id > UNK_ID && !table.has(id));
  const standIns = spelling ? findStandIns(spelling, lacking) : {};
  const coverage = coverageOf(vocabulary, lacking, standIns);
  if (coverage.found === 0) {
    throw new MillraceError('MILLRACE_NOT_FOUND', 'None of the words has a vector', {
      expected: `vectors for some of ${coverage.words} words, such as ${lacking.slice(0, 5).join(', ')}`,
      hint: 'The usual GloVe vectors are of lower-cased words: put lowercase before the vocabulary.',
    });
  }
  const { mean, deviation, center } = moments(table);
  table.fill(UNK_ID).set(center);
  await readStandIns(open, vocabulary, standIns, table);
  const normal = normalValues(new Random(seed));
  for (const id of lacking.map((word) => vocabulary.id(word))) {
    if (table.has(id) || missing === 'zero') continue;
    const row = table.fill(id);
    if (missing === 'mean') row.set(center);
    else for (let i = 0; i < row.length; i++) row[i] = mean + deviation * normal();
  }
  return { dimension: table.dimension, matrix: table.matrix, coverage };
}

/** Vectors by id, some of which are there. */
class VectorTable {
  readonly dimension: number;
  readonly matrix: Float32Array;
  readonly #filled: Uint8Array;

  constructor(size: number, dimension: number) {
    this.dimension = dimension;
    this.matrix = new Float32Array(size * dimension);
    this.#filled = new Uint8Array(size);
  }

  /** How many ids there are, with a vector or without. */
  get size(): number {
    return this.#filled.length;
  }

  has(id: number): boolean {
    return this.#filled[id] === 1;
  }

  row(id: number): Float32Array {
    return this.matrix.subarray(id * this.dimension, (id + 1) * this.dimension);
  }

  /** The row, to be written. */
  fill(id: number): Float32Array {
    this.#filled[id] = 1;
    return this.row(id);
  }
}

/** Reads the first vector of each of the vocabulary's words, and adds all words of the file to `spelling`. */
async function readWords(
  blocks: AsyncIterable<Block>,
  vocabulary: Vocabulary,
  spelling: SpellingIndex | undefined,
): Promise<VectorTable> {
  let table: VectorTable | undefined;
  for await (const rows of scanVectors(blocks)) {
    table ??= new VectorTable(vocabulary.size, rows.dimension);
    if (spelling) for (let row = 0; row < rows.length; row++) spelling.add(rows.word(row));
    const ids = idsOfRows(vocabulary, rows);
    const wanted: number[] = [];
    for (let row = 0; row < ids.length; row++) {
      const id = ids[row] as number;
      if (id <= UNK_ID || table.has(id)) continue;
      table.fill(id);
      wanted.push(row);
    }
    const vectors = rows.read(wanted);
    wanted.forEach((row, index) => {
      const start = index * rows.dimension;
      table?.row(ids[row] as number).set(vectors.subarray(start, start + rows.dimension));
    });
  }
  return table ?? new VectorTable(vocabulary.size, 0);
}

/** Of words only: a file's own `<unk>` or `<pad>` is not what we mean by it. */
function idsOfRows(vocabulary: Vocabulary, { words }: VectorRows): Int32Array {
  // Without the numbers between them, which the vocabulary's table would have to be given too.
  return vocabulary.idsOfTokens(copyTexts(words));
}

/** Looks every lacking word's nearest spelling up. */
function findStandIns(spelling: SpellingIndex, lacking: readonly string[]): Record<string, string> {
  const found = lacking.map((word) => [word, spelling.nearest(word, farthestSpelling(word))] as const);
  return Object.fromEntries(found.filter((pair): pair is [string, string] => pair[1] !== undefined));
}

/** Gives words the vectors of others: those in the table already, and those that the file must be read again for. */
async function readStandIns(
  open: () => AsyncIterable<Block>,
  vocabulary: Vocabulary,
  standIns: Readonly<Record<string, string>>,
  table: VectorTable,
): Promise<void> {
  const unread = new Map<string, number[]>();
  for (const [word, standIn] of Object.entries(standIns)) {
    const id = vocabulary.id(word);
    const known = vocabulary.id(standIn);
    if (known > UNK_ID) table.fill(id).set(table.row(known));
    else unread.set(standIn, [...(unread.get(standIn) ?? []), id]);
  }
  if (unread.size === 0) return;
  for await (const { word, vector } of readVectors(open(), (word) => unread.has(word))) {
    for (const id of unread.get(word) ?? []) table.fill(id).set(vector);
    unread.delete(word);
  }
}

function coverageOf(vocabulary: Vocabulary, missing: readonly string[], standIns: Record<string, string>): Coverage {
  const words = vocabulary.size - UNK_ID - 1;
  const all = vocabulary.counts.reduce((sum, count) => sum + count, 0);
  const lost = missing.reduce((sum, word) => sum + (vocabulary.counts[vocabulary.id(word)] as number), 0);
  const unknown = vocabulary.counts[UNK_ID] as number;
  return {
    words,
    found: words - missing.length,
    tokenShare: all === 0 ? 0 : (all - lost - unknown) / all,
    missing,
    standIns,
  };
}

/** Mean and deviation over all values of the table, and its mean vector. */
function moments(table: VectorTable) {
  const { dimension, matrix } = table;
  const center = new Float64Array(dimension);
  let rows = 0;
  let sum = 0;
  let squares = 0;
  for (let id = 0; id < table.size; id++) {
    if (!table.has(id)) continue;
    rows++;
    for (let i = 0; i < dimension; i++) {
      const value = matrix[id * dimension + i] as number;
      center[i] = (center[i] as number) + value;
      sum += value;
      squares += value * value;
    }
  }
  for (let i = 0; i < dimension; i++) center[i] = (center[i] as number) / rows;
  const n = rows * dimension;
  const mean = sum / n;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / n - mean * mean)), center };
}

/** Standard normal values by the method of Box and Muller (1958). */
function normalValues(random: Random): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
}

/**
 * The rows of a text file of vectors as records; only those of the vocabulary's words, if one is given.
 *
 * @param vocabulary is asked for when the stage runs
 * @throws MillraceError MILLRACE_BAD_RECORD, subject to the error policy, for a wanted row that is no vector
 */
export function glove(vocabulary?: () => Promise<Vocabulary>): Stage<Block, WordVector> {
  return defineStage<Block, WordVector>({
    name: 'glove',
    ...(vocabulary && { options: { vocabulary }, identify: async () => (await vocabulary()).fingerprint }),
    consumes: true,
    async *stream(source, context) {
      const words = await vocabulary?.();
      const blocks = (async function* () {
        for await (const chunk of source) yield* chunk;
      })();
      let seen = 0;
      for await (const rows of scanVectors(blocks)) {
        const ids = words && idsOfRows(words, rows);
        for (let row = 0; row < rows.length; row++) {
          seen++;
          if (ids && (ids[row] as number) <= UNK_ID) continue;
          const vector = readOr(rows, row, (error) => context.reject(error, rows.line(row).text, seen));
          if (vector) yield new ArrayChunk([{ word: rows.word(row), vector }], vector.byteLength);
        }
      }
    },
  });
}

/** The vector of a row; none where it is no vector and `reject` lets that pass. */
function readOr(rows: VectorRows, row: number, reject: (error: MillraceError) => void): Float32Array | undefined {
  try {
    return rows.read([row]);
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    reject(error);
    return undefined;
  }
}
