import { type Columns, Utf8Column, Utf8ListColumn } from '../pipeline/index.ts';
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

/** ASCII letters lower-cased byte by byte; declines where there are others, whose lower case may differ in length. */
function lowercaseAscii({ data, starts, ends }: Utf8Column): Utf8Column | undefined {
  let size = 0;
  for (let i = 0; i < starts.length; i++) size += (ends[i] as number) - (starts[i] as number);
  const lowered = Buffer.allocUnsafe(size);
  const offsets = new Int32Array(starts.length + 1);
  let at = 0;
  for (let i = 0; i < starts.length; i++) {
    for (let from = starts[i] as number; from < (ends[i] as number); from++) {
      const byte = data[from] as number;
      if (byte >= 0x80) return undefined;
      lowered[at++] = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
    }
    offsets[i + 1] = at;
  }
  return new Utf8Column(lowered, offsets.subarray(0, -1), offsets.subarray(1));
}
