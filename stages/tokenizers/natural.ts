import { createRequire } from 'node:module';

// Loaded on first use: whoever cuts by other means need not wait for it. And only this part of natural: its root prints,
// reads `.env` and takes a second.
const require = createRequire(import.meta.url);
let tokenizer: { tokenize(text: string): string[] } | undefined;

/** What natural's Treebank tokenizer makes of a text. */
export function naturalTreebank(text: string): string[] {
  if (!tokenizer) {
    const Treebank = require('natural/lib/natural/tokenizers/treebank_word_tokenizer.js');
    tokenizer = new Treebank() as { tokenize(text: string): string[] };
  }
  return tokenizer.tokenize(text);
}
