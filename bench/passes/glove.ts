/** The vectors of a vocabulary's words, out of an archive of text vectors. */
import { loadGlove, read, Vocabulary } from '../../stages/index.ts';
import { listEntries } from '../../stages/unzip.ts';
import { measure, type PassFigures, passOptions } from './pass.ts';

export interface GloveOptions {
  readonly archive: string;
  readonly entry: string;
  /** A saved vocabulary. */
  readonly vocabulary: string;
}

export interface GloveFigures extends PassFigures {
  readonly found: number;
  readonly dimension: number;
}

const { archive, entry, vocabulary } = passOptions<GloveOptions>();
const words = await Vocabulary.load(vocabulary);
// As the floor does, which knows where the entry is before its time begins.
await listEntries(archive);

await measure(async () => {
  const { coverage, dimension } = await loadGlove(() => read(`${archive}#${entry}`), words, { missing: 'zero' });
  return { found: coverage.found, dimension };
});
