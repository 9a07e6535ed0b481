import {
  type Columns,
  defineStage,
  definitionOf,
  identityOf,
  type Pipeline,
  type Remote,
  type Stage,
  Utf8ListColumn,
} from '../pipeline/index.ts';
import { missingField } from './missing-field.ts';
import type { Sentence } from './records.ts';
import { defineSentenceStage, type Text } from './sentences.ts';
import { Vocabulary, type VocabularyOptions } from './vocabulary.ts';

/**
 * Adds `ids`, the vocabulary's ids of the tokens; `<unk>` for tokens that it lacks.
 *
 * @param vocabulary may be a function, asked when the stage runs: the vocabulary may still have to be built
 */
export function ids<T extends Text>(vocabulary: Vocabulary | (() => Promise<Vocabulary>)): Stage<T, T> {
  if (typeof vocabulary !== 'function') return lookUp<T>(vocabulary);
  return defineStage<T, T>({
    name: 'ids',
    options: { vocabulary },
    identify: async () => (await vocabulary()).fingerprint,
    remote: remote(vocabulary),
    async *stream(source, context) {
      yield* lookUp<T>(await vocabulary()).spec.stream(source, context);
    },
  });
}

/** Adds the `ids` of a vocabulary that is built from `records`, in a pass of its own, each time the stage runs. */
export function idsBuiltFrom<T extends Text>(records: Pipeline<T>, bounds: VocabularyOptions = {}): Stage<T, T> {
  return defineStage<T, T>({
    name: 'ids',
    // The vocabulary depends on these alone, so nobody need build it to know whether it is the same.
    get options() {
      return { builtFrom: definitionOf(records), ...bounds };
    },
    identify: (signal) => identityOf(records, signal),
    remote: remote((signal) => Vocabulary.build(records.withAbort(signal), bounds)),
    async *stream(source, context) {
      yield* lookUp<T>(await Vocabulary.build(records.withAbort(context.signal), bounds)).spec.stream(source, context);
    },
  });
}

/** A vocabulary goes to other threads as what it was made of. */
function remote(vocabulary: (signal: AbortSignal) => Vocabulary | Promise<Vocabulary>): Remote {
  return {
    module: import.meta.url,
    export: 'idsOf',
    async args(signal) {
      const { tokens, counts } = await vocabulary(signal);
      return [tokens, counts];
    },
  };
}

/** The stage as other threads make it. */
export function idsOf<T extends Text>(tokens: readonly string[], counts: readonly number[]): Stage<T, T> {
  return lookUp<T>(new Vocabulary(tokens, counts));
}

function lookUp<T extends Text>(vocabulary: Vocabulary): Stage<T, T> {
  return defineSentenceStage<T>({
    name: 'ids',
    remote: remote(() => vocabulary),
    options: {
      vocabularySize: vocabulary.size,
      // Asked for by whoever compares stages; the hash takes some milliseconds.
      get vocabulary() {
        return vocabulary.fingerprint;
      },
    },
    sentence: ({ tokens }: Sentence, origin) => {
      if (!tokens) throw missingField('tokens', origin, 'Put tokenize before it.');
      return { ids: Int32Array.from(tokens, (token) => vocabulary.id(token)) };
    },
    columns: (columns, prefix) => idColumns(columns, prefix, vocabulary),
  });
}

function idColumns(columns: Columns, prefix: string, vocabulary: Vocabulary): Columns | undefined {
  const tokens = columns[`${prefix}tokens`];
  if (!(tokens instanceof Utf8ListColumn)) return undefined;
  return { ids: vocabulary.idsOfLists(tokens) };
}
