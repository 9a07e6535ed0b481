import { type Columns, defineStage, Int32ListColumn, type Stage, Utf8ListColumn } from '../pipeline/index.ts';
import { missingField } from './missing-field.ts';
import type { Sentence } from './records.ts';
import { defineSentenceStage, type Text } from './sentences.ts';
import type { Vocabulary } from './vocabulary.ts';

/**
 * Adds `ids`, the vocabulary's ids of the tokens; `<unk>` for tokens that it lacks.
 *
 * @param vocabulary may be a function, asked when the stage runs: the vocabulary may still have to be built
 */
export function ids<T extends Text>(vocabulary: Vocabulary | (() => Promise<Vocabulary>)): Stage<T, T> {
  if (typeof vocabulary !== 'function') return lookUp<T>(vocabulary);
  return defineStage<T, T>({
    name: 'ids',
    async *stream(source, context) {
      yield* lookUp<T>(await vocabulary()).spec.stream(source, context);
    },
  });
}

function lookUp<T extends Text>(vocabulary: Vocabulary): Stage<T, T> {
  return defineSentenceStage<T>({
    name: 'ids',
    options: { vocabularySize: vocabulary.size },
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
  const { items } = tokens;
  const { data, starts, ends } = items;
  const values = new Int32Array(items.length);
  for (let item = 0; item < values.length; item++) {
    values[item] = vocabulary.idOfBytes(data, starts[item] as number, ends[item] as number);
  }
  return { ids: new Int32ListColumn(values, tokens.starts, tokens.ends) };
}
