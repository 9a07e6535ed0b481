/** The corpora that are known by name: in which archive they are, and where that is found. */
import { unknownName } from '../pipeline/errors.ts';

export interface Corpus {
  /** The folder of the archive on the web, as a URL that ends in `/`. A mirror takes its place. */
  readonly base: string;
  /** The archive's file name, the same on every mirror. */
  readonly file: string;
  /** The SHA-256 of the publisher's archive, in hexadecimal; what a mirror has is its own affair. */
  readonly sha256: string;
  readonly entry: string;
  /** Of what kind its lines are: the main option of `parse`, or GloVe's text vectors. */
  readonly format: 'snli' | 'glove';
}

/** Name, as in `snli:train`, to corpus. */
export const corpora: ReadonlyMap<string, Corpus> = new Map([
  ...['train', 'dev', 'test'].map((split) => snli(split)),
  ...['50d', '100d', '200d', '300d'].map((size) => glove(size)),
]);

/** Whether a source is written like a corpus name. One letter before the colon would be a drive. */
export function looksLikeCorpus(spec: string): boolean {
  return /^[a-z]{2,}:[\w.-]*$/i.test(spec);
}

/**
 * @throws MillraceError `MILLRACE_USAGE`, with the names there are
 */
export function corpusNamed(name: string): Corpus {
  const corpus = corpora.get(name);
  if (!corpus) throw unknownName('corpus', name, corpora.keys());
  return corpus;
}

/** Bowman et al. 2015, "A large annotated corpus for learning natural language inference". */
function snli(split: string): [string, Corpus] {
  return [
    `snli:${split}`,
    {
      base: 'https://nlp.stanford.edu/projects/snli/',
      file: 'snli_1.0.zip',
      sha256: 'afb3d70a5af5d8de0d9d81e2637e0fb8c22d1235c2749d83125ca43dab0dbd3e',
      entry: `snli_1.0/snli_1.0_${split}.jsonl`,
      format: 'snli',
    },
  ];
}

/** Pennington, Socher and Manning 2014, "GloVe: Global Vectors for Word Representation": 6 billion words of text. */
function glove(size: string): [string, Corpus] {
  return [
    `glove:6B.${size}`,
    {
      base: 'https://nlp.stanford.edu/data/',
      file: 'glove.6B.zip',
      sha256: '617afb2fe6cbd085c235baf7a465b96f4112bd7f7ccb2b2cbd649fed9cbcf2fb',
      entry: `glove.6B.${size}.txt`,
      format: 'glove',
    },
  ];
}
