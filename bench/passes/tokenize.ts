/** Sentences to tokens by one tokenizer, of an archive's sentences that are in memory already. */
import { ColumnChunk, Utf8Column } from '../../pipeline/index.ts';
import { readPairs } from '../../stages/index.ts';
import { naturalTreebank } from '../../stages/tokenizers/natural.ts';
import { treebank, treebankColumn } from '../../stages/tokenizers/treebank.ts';
import { measure, type PassFigures, passOptions } from './pass.ts';

export interface TokenizeOptions {
  readonly archive: string;
  readonly entry: string;
  readonly way: 'natural' | 'texts' | 'columns';
}

export interface TokenizeFigures extends PassFigures {
  readonly sentences: number;
}

/** Rounds over the sentences: the first ones warm up, the last one is measured. */
const ROUNDS = 4;

const { archive, entry, way } = passOptions<TokenizeOptions>();
const columns: Utf8Column[] = [];
for await (const chunk of readPairs(`${archive}#${entry}`).chunks()) {
  const both = chunk instanceof ColumnChunk ? [chunk.columns['premise.text'], chunk.columns['hypothesis.text']] : [];
  // Each text once: equal neighbours share their tokens, which is another matter.
  for (const column of both) if (column instanceof Utf8Column) columns.push(withoutRepeats(column));
}
const texts = columns.flatMap((column) => Array.from(column.starts, (_, row) => column.get(row) as string));
const ways = {
  natural: () => texts.reduce((tokens, text) => tokens + naturalTreebank(text).length, 0),
  texts: () => texts.reduce((tokens, text) => tokens + treebank(text).length, 0),
  columns: () => columns.reduce((tokens, column) => tokens + (treebankColumn(column)?.items.length ?? 0), 0),
};

for (let round = 1; round < ROUNDS; round++) ways[way]();
await measure(async () => ({ sentences: texts.length, tokens: ways[way]() }));

function withoutRepeats(column: Utf8Column): Utf8Column {
  const rows: number[] = [];
  for (let row = 0; row < column.length; row++) {
    if (row === 0 || column.get(row) !== column.get(row - 1)) rows.push(row);
  }
  return column.take(rows) as Utf8Column;
}
