import { ArrayChunk, defineStage, MillraceError, Random, type Stage, unknownName } from '../pipeline/index.ts';
import type { Block } from './records.ts';
import { SpellingIndex } from './spelling.ts';
import { readVectors, type WordVector } from './vectors.ts';
import { PAD_ID, UNK_ID, type Vocabulary } from './vocabulary.ts';

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

/** Whether it is in the vocabulary as a word: a file's own `<unk>` or `<pad>` is not what we mean by it. */
function isWord(vocabulary: Vocabulary, word: string): boolean {
  return vocabulary.id(word) > UNK_ID;
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
  const vectors = new Map<string, Float32Array>();
  const wanted = (word: string) => {
    spelling?.add(word);
    return isWord(vocabulary, word) && !vectors.has(word);
  };
  for await (const { word, vector } of readVectors(open(), wanted)) vectors.set(word, vector);

  const lacking = vocabulary.tokens.slice(UNK_ID + 1).filter((word) => !vectors.has(word));
  const standIns = spelling ? await findStandIns(open, spelling, lacking, vectors) : {};
  const coverage = coverageOf(vocabulary, lacking, standIns);
  if (coverage.found === 0) {
    throw new MillraceError('MILLRACE_NOT_FOUND', 'None of the words has a vector', {
      expected: `vectors for some of ${coverage.words} words, such as ${lacking.slice(0, 5).join(', ')}`,
      hint: 'The usual GloVe vectors are of lower-cased words: put lowercase before the vocabulary.',
    });
  }
  const dimension = (vectors.values().next().value as Float32Array).length;
  return { dimension, matrix: fillMatrix(vocabulary, vectors, standIns, dimension, { missing, seed }), coverage };
}

/** Looks every lacking word's nearest spelling up, and reads the vectors of those into `vectors`. */
async function findStandIns(
  open: () => AsyncIterable<Block>,
  spelling: SpellingIndex,
  lacking: readonly string[],
  vectors: Map<string, Float32Array>,
): Promise<Record<string, string>> {
  const found = lacking.map((word) => [word, spelling.nearest(word, farthestSpelling(word))] as const);
  const standIns = Object.fromEntries(found.filter((pair): pair is [string, string] => pair[1] !== undefined));
  const unread = new Set(Object.values(standIns).filter((word) => !vectors.has(word)));
  if (unread.size === 0) return standIns;
  for await (const { word, vector } of readVectors(open(), (word) => unread.has(word))) {
    vectors.set(word, vector);
    unread.delete(word);
  }
  return standIns;
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

function fillMatrix(
  vocabulary: Vocabulary,
  vectors: ReadonlyMap<string, Float32Array>,
  standIns: Readonly<Record<string, string>>,
  dimension: number,
  { missing, seed }: Required<GloveOptions>,
): Float32Array {
  const words = vocabulary.tokens.slice(UNK_ID + 1);
  const found = words.map((word) => vectors.get(word)).filter((vector) => vector !== undefined);
  const { mean, deviation, center } = moments(found, dimension);
  const normal = normalValues(new Random(seed));
  const matrix = new Float32Array(vocabulary.size * dimension);
  vocabulary.tokens.forEach((word, id) => {
    if (id === PAD_ID) return;
    const row = matrix.subarray(id * dimension, (id + 1) * dimension);
    const vector = vectors.get(word) ?? vectors.get(standIns[word] ?? '');
    if (id === UNK_ID) row.set(center);
    else if (vector) row.set(vector);
    else if (missing === 'mean') row.set(center);
    else if (missing !== 'zero') for (let i = 0; i < dimension; i++) row[i] = mean + deviation * normal();
  });
  return matrix;
}

/** Mean and deviation over all values, and the mean vector. */
function moments(vectors: readonly Float32Array[], dimension: number) {
  const center = new Float64Array(dimension);
  let sum = 0;
  let squares = 0;
  for (const vector of vectors) {
    for (let i = 0; i < dimension; i++) {
      const value = vector[i] as number;
      center[i] = (center[i] as number) + value / vectors.length;
      sum += value;
      squares += value * value;
    }
  }
  const n = vectors.length * dimension;
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
 * @throws MillraceError MILLRACE_BAD_RECORD for a wanted row that is no vector
 */
export function glove(vocabulary?: () => Promise<Vocabulary>): Stage<Block, WordVector> {
  return defineStage<Block, WordVector>({
    name: 'glove',
    async *stream(source) {
      const words = await vocabulary?.();
      const blocks = (async function* () {
        for await (const chunk of source) yield* chunk;
      })();
      for await (const row of readVectors(blocks, words && ((word) => isWord(words, word)))) {
        yield new ArrayChunk([row], row.vector.byteLength);
      }
    },
  });
}
