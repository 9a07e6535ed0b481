import {
  type ColumnChunk,
  type Columns,
  defineStage,
  extend,
  type Remote,
  type Stage,
  type StageContext,
} from '../pipeline/index.ts';
import type { Origin, Sentence, SentencePair } from './records.ts';

/**
 * What the text stages work on: a sentence (a line of text is one), or a pair of them. A stage says what it does to a
 * sentence, and does it to both sides of a pair.
 */
export type Text = (Sentence & { readonly origin?: Origin }) | SentencePair;

export function isPair(record: Text): record is SentencePair {
  return 'premise' in record;
}

/** The sentences of a record, with what each is called in an error. */
export function sentencesOf(record: Text): Sentence[] {
  return isPair(record) ? [record.premise, record.hypothesis] : [record];
}

/** How a stage treats one sentence. */
export interface SentenceForm {
  readonly name: string;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly remote?: Remote;
  /** The fields that the stage adds to or replaces in the sentence. */
  sentence(sentence: Sentence, origin: Origin | undefined): Partial<Sentence>;
  /**
   * The same for a column of sentences: the columns to add or replace, without their prefix. May decline (`undefined`)
   * for columns that it doesn't know or rows that break a rule.
   *
   * @param prefix `premise.`, `hypothesis.` or nothing
   */
  columns?(columns: Columns, prefix: string): Columns | undefined;
}

/** A stage from what it does to one sentence. */
export function defineSentenceStage<T extends Text>(form: SentenceForm): Stage<T, T> {
  const { columns } = form;
  return defineStage<T, T>({
    name: form.name,
    ...(form.options && { options: form.options }),
    ...(form.remote && { remote: form.remote }),
    record(record) {
      if (!isPair(record)) return extend(record, form.sentence(record, record.origin)) as unknown as T;
      const premise = extend(record.premise, form.sentence(record.premise, record.origin));
      const hypothesis = extend(record.hypothesis, form.sentence(record.hypothesis, record.origin));
      return extend(record, { premise, hypothesis }) as unknown as T;
    },
    ...(columns && { columns: (chunk: ColumnChunk<T>, _context: StageContext) => eachSide(chunk, columns) }),
  });
}

function eachSide<T>(
  chunk: ColumnChunk<T>,
  change: (columns: Columns, prefix: string) => Columns | undefined,
): ColumnChunk<T> | undefined {
  const added: Record<string, Columns[string]> = {};
  for (const prefix of prefixesOf(chunk.columns)) {
    const changed = change(chunk.columns, prefix);
    if (!changed) return undefined;
    for (const [name, column] of Object.entries(changed)) added[prefix + name] = column;
  }
  return chunk.with(added);
}

function prefixesOf(columns: Columns): string[] {
  // A pair may be left with any of its fields, such as its tokens alone.
  const isOfPairs = Object.keys(columns).some((name) => name.startsWith('premise.'));
  return isOfPairs ? ['premise.', 'hypothesis.'] : [''];
}
