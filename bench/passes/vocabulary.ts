/** From zip to a vocabulary, which is kept for the passes that need one. */
import { Vocabulary } from '../../stages/index.ts';
import { measure, passOptions } from './pass.ts';
import { type TokensOptions, tokensOf } from './tokens.ts';

export interface VocabularyOptions extends TokensOptions {
  readonly save: string;
}

const options = passOptions<VocabularyOptions>();

await measure(async () => {
  const vocabulary = await Vocabulary.build(tokensOf(options));
  await vocabulary.save(options.save);
  return { words: vocabulary.size };
});
