import { type Columns, Utf8ListColumn } from '../pipeline/index.ts';
import { lowercaseTexts } from './kernels/texts.ts';
import { leavesOf, lowercaseLeaves } from './leaves.ts';
import type { Sentence } from './records.ts';
import { defineSentenceStage, type Text } from './sentences.ts';

/** Lower-cases the tokens, or the text of sentences that have none yet. The text of tokenized sentences stays as it was. */
export function lowercase<T extends Text>() {
  return defineSentenceStage<T>({
    name: 'lowercase',
    remote: { module: import.meta.url, export: 'lowercase', args: [] },
    sentence: ({ text, tokens }: Sentence) =>
      tokens ? { tokens: tokens.map((token) => token.toLowerCase()) } : { text: text.toLowerCase() },
    columns: lowercaseColumns,
  });
}

function lowercaseColumns(columns: Columns, prefix: string): Columns | undefined {
  const tokens = columns[`${prefix}tokens`];
  if (!(tokens instanceof Utf8ListColumn)) return undefined;
  const leaves = leavesOf(tokens);
  if (leaves) return { tokens: lowercaseLeaves(leaves) };
  return { tokens: new Utf8ListColumn(lowercaseTexts(tokens.items), tokens.starts, tokens.ends) };
}
