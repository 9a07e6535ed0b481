/** From zip to padded batches of sentences of like length, as training reads them. */
import type { Report } from '../../pipeline/index.ts';
import { bucket, ids, type SentencePair, Vocabulary } from '../../stages/index.ts';
import { measure, type PassFigures, passOptions } from './pass.ts';
import { type TokensOptions, tokensOf } from './tokens.ts';

export interface BatchesOptions extends TokensOptions {
  readonly vocabulary: string;
  readonly batchSize: number;
}

export interface BatchesFigures extends PassFigures {
  /** Lines read, those without a gold label included. */
  readonly rows: number;
  /** Since the process began: Node's start and the loading of the vocabulary are in it. */
  readonly firstBatchSeconds: number;
  readonly report: Report;
}

const { vocabulary, batchSize, ...source } = passOptions<BatchesOptions>();
const words = await Vocabulary.load(vocabulary);

await measure(async () => {
  const batches = tokensOf(source).pipe(ids<SentencePair>(words), bucket<SentencePair>({ size: batchSize }));
  let firstBatchSeconds = 0;
  for await (const _ of batches) firstBatchSeconds ||= performance.now() / 1000;
  const report = batches.report();
  const rows = report.stages.find(({ name }) => name === 'parse')?.recordsIn ?? 0;
  return { rows, firstBatchSeconds, report };
});
