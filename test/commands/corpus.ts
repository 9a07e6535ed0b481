/** A corpus small enough to train on within a second, made here, in SNLI's format and layout. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { strToU8, zipSync } from 'fflate';
import type { Label } from '../../stages/index.ts';
import { temporaryFolder } from '../stages/files.ts';
import { cli } from './run-cli.ts';

const SUBJECTS = ['A cat', 'A dog', 'The king', 'Ann'];
const VERBS = ['sleeps', 'sings', 'runs'];
const SPLITS = { train: 0, dev: 3, test: 7 };
const DIMENSION = 6;

export interface SmallCorpus {
  readonly folder: string;
  /** Of `snli_1.0.zip`, which holds all splits. */
  readonly archive: string;
  /** `ARCHIVE#ENTRY` of a split of {@link PAIRS} pairs. */
  readonly split: (name: keyof typeof SPLITS) => string;
  /** Vectors of {@link DIMENSION} numbers for some of the words. */
  readonly vectors: string;
}

/** Flags of `train` that keep a training short. */
export const small = ['--embed-size', '8', '--hidden-size', '8', '--epochs', '2', '--seed', '3'];

/** Labelled pairs in each split; one more has no gold label. */
export const PAIRS = 36;

/** Writes the corpus into a folder that is removed after the test. */
export async function smallCorpus(t: ExecutionContext): Promise<SmallCorpus> {
  const folder = await temporaryFolder(t);
  const archive = join(folder, 'snli_1.0.zip');
  const entries = Object.entries(SPLITS).map(([name, from]) => [entryOf(name), strToU8(jsonLines(from))]);
  await writeFile(archive, zipSync(Object.fromEntries(entries)));
  const vectors = join(folder, 'vectors.txt');
  await writeFile(vectors, vectorText(['a', 'cat', 'dog', 'the', 'king', 'sleeps', 'sings', '.']));
  return { folder, archive, split: (name) => `${archive}#${entryOf(name)}`, vectors };
}

/** Where a split is in the archive. */
export function entryOf(split: string): string {
  return `snli_1.0/snli_1.0_${split}.jsonl`;
}

function jsonLines(from: number): string {
  const rows = Array.from({ length: PAIRS }, (_, i) => row(from + i));
  const undecided = { ...row(from), gold_label: '-', pairID: 'undecided' };
  return [...rows.slice(0, 2), undecided, ...rows.slice(2)].map((value) => `${JSON.stringify(value)}\n`).join('');
}

/** A pair of sentences of three or four words: the same subject does the same, something, or something else. */
function row(i: number) {
  const label = (['entailment', 'neutral', 'contradiction'] as const)[i % 3] as Label;
  const subject = SUBJECTS[i % SUBJECTS.length] as string;
  const verb = VERBS[Math.floor(i / 3) % VERBS.length] as string;
  const other = VERBS[(VERBS.indexOf(verb) + 1) % VERBS.length] as string;
  const second = { entailment: verb, neutral: `${verb} again`, contradiction: other }[label];
  return {
    annotator_labels: [label],
    captionID: `${i}.jpg#0`,
    gold_label: label,
    pairID: `${i}.jpg#0r1${label[0]}`,
    ...sentence(1, subject, verb),
    ...sentence(2, subject, second),
  };
}

function sentence(number: 1 | 2, subject: string, verb: string) {
  const tree = (words: string) => words.split(' ').reduce((left, right) => `( ${left} ${right} )`);
  return {
    [`sentence${number}`]: `${subject} ${verb}.`,
    [`sentence${number}_binary_parse`]: `( ${tree(subject)} ( ${tree(verb)} . ) )`,
    [`sentence${number}_parse`]: `(ROOT (S (NP ${subject}) (VP ${verb}) (. .)))`,
  };
}

/** GloVe's text format. */
function vectorText(words: readonly string[]): string {
  const vector = (n: number) => Array.from({ length: DIMENSION }, (_, i) => Math.sin(n * DIMENSION + i).toFixed(4));
  return words.map((word, n) => `${word} ${vector(n).join(' ')}\n`).join('');
}

/** Trains a model of eight units for two epochs on the corpus, in its folder; the name of the run. */
export async function trainedRun(
  t: ExecutionContext,
  { folder, split }: SmallCorpus,
  ...flags: string[]
): Promise<string> {
  const { stderr, code } = await cli(
    t,
    ['train', 'simple-rnn', '--train', split('train'), '--dev', split('dev'), '--out', 'run', ...small, ...flags],
    { cwd: folder },
  );
  if (code !== 0) throw new Error(stderr);
  return 'run';
}
