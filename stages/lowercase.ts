import { type Columns, Utf8Column, Utf8ListColumn } from '../pipeline/index.ts';
import { BEYOND, sharedKernels, WORD } from './kernels/kernels.ts';
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
  const items = lowercaseAscii(tokens.items);
  return items && { tokens: new Utf8ListColumn(items, tokens.starts, tokens.ends) };
}

/** ASCII letters in lower case; declines where there are others, whose lower case may differ in length. */
function lowercaseAscii(texts: Utf8Column): Utf8Column | undefined {
  const kernels = sharedKernels();
  const { length } = texts;
  const { base, starts, ends, bytes } = kernels.place(texts);
  const offsets = kernels.reserve((length + 1) * WORD + bytes + BEYOND);
  const lowered = offsets + (length + 1) * WORD;
  if (!kernels.run.lowercase(base, starts, ends, length, lowered, offsets)) return undefined;
  const found = kernels.copyOf(offsets, length + 1);
  return new Utf8Column(kernels.memory.slice(lowered, lowered + bytes), found.subarray(0, -1), found.subarray(1));
}
