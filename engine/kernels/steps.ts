/**
 * How the words of a batch are laid out for kernels that go step by step: the sentences in order of their lengths, the
 * longest first, and of each step only those that still run. So there is no padding, and the sentences of a step are the
 * first of those of the step before.
 */
export interface Steps {
  /** How many sentences each step has. */
  readonly counts: Int32Array;
  /** How many words there are in all: the rows of what is laid out. */
  readonly rows: number;
  /** Of each row, which word of `[B, L]` it is. */
  readonly wordOfRow: Int32Array;
  /** Of each word of `[B, L]`, which row it is; -1 for padding. */
  readonly rowOfWord: Int32Array;
  /** Of each sentence, the row of its last step; -1 if it has no words. */
  readonly lastRow: Int32Array;
  /** The sentences, without those that have no words, in their order. */
  readonly order: Int32Array;
}

/**
 * @param mask `[batch, length]`, not 0 where a word is
 * @param reverse whether sentences run from their last word to their first
 */
export function layOut(mask: ArrayLike<number>, batch: number, length: number, reverse: boolean): Steps {
  const sentences = Array.from({ length: batch }, (_, sentence) => {
    const words: number[] = [];
    for (let word = sentence * length; word < (sentence + 1) * length; word++) if (mask[word]) words.push(word);
    return reverse ? words.reverse() : words;
  });
  const order = Array.from(sentences.keys())
    .filter((sentence) => sentences[sentence]!.length > 0)
    .sort((a, b) => sentences[b]!.length - sentences[a]!.length || a - b);
  const longest = sentences[order[0] ?? -1]?.length ?? 0;
  const rows = sentences.reduce((sum, words) => sum + words.length, 0);
  const counts = new Int32Array(longest);
  const wordOfRow = new Int32Array(rows);
  const rowOfWord = new Int32Array(batch * length).fill(-1);
  const lastRow = new Int32Array(batch).fill(-1);
  let row = 0;
  for (let step = 0; step < longest; step++) {
    for (const sentence of order) {
      const word = sentences[sentence]![step];
      if (word === undefined) break;
      wordOfRow[row] = word;
      rowOfWord[word] = row;
      lastRow[sentence] = row++;
      counts[step]!++;
    }
  }
  return { counts, rows, wordOfRow, rowOfWord, lastRow, order: Int32Array.from(order) };
}
