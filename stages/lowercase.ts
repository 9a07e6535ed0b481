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
  const { starts, ends, length } = texts;
  let size = 0;
  for (let i = 0; i < length; i++) size += (ends[i] as number) - (starts[i] as number);
  const kernels = sharedKernels();
  const textStarts = kernels.reserve((3 * length + 1) * WORD + size + BEYOND);
  const textEnds = textStarts + length * WORD;
  const offsets = textEnds + length * WORD;
  const lowered = offsets + (length + 1) * WORD;
  const base = kernels.placeRanges(texts);
  kernels.integers(textStarts, length).set(starts);
  kernels.integers(textEnds, length).set(ends);
  if (!kernels.run.lowercase(base, textStarts, textEnds, length, lowered, offsets)) return undefined;
  const found = kernels.copyOf(offsets, length + 1);
  return new Utf8Column(kernels.memory.slice(lowered, lowered + size), found.subarray(0, -1), found.subarray(1));
}
