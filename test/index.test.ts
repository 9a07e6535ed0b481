import { readFile, stat } from 'node:fs/promises';
import test from 'ava';

interface Manifest {
  readonly exports: Record<string, string | { types: string; default: string }>;
  readonly bin: Record<string, string>;
}

const at = (path: string) => new URL(`../${path}`, import.meta.url);
const { exports, bin } = JSON.parse(await readFile(at('package.json'), 'utf8')) as Manifest;

/** The source of a built file: `./dist/stages/index.js` is compiled from `stages/index.ts`. */
const source = (built: string) => built.replace(/^(\.\/)?dist\//, '').replace(/(\.d\.ts|\.js)$/, '.ts');

test('every address of the package is compiled from a source that there is, with types', async (t) => {
  for (const [name, target] of Object.entries(exports)) {
    if (typeof target === 'string') {
      t.is(name, target);
      continue;
    }
    t.is(source(target.types), source(target.default), name);
    t.true((await stat(at(source(target.default)))).isFile(), name);
  }
  t.regex(await readFile(at(source(bin.millrace as string)), 'utf8'), /^#!\/usr\/bin\/env node\n/);
});

/** What the documents and the plan of the house call by name; a value, not only a type. */
const promised: Record<string, string[]> = {
  './pipeline': [
    ...['ArrayChunk', 'ColumnChunk', 'DROP', 'MillraceError', 'Pipeline', 'Random', 'defineStage', 'errorCodes'],
    ...['extend', 'quarantineRejects', 'toPlain'],
  ],
  './stages': [
    ...['LABELS', 'SpellingIndex', 'Vocabulary', 'batch', 'bucket', 'catalog', 'compose', 'count', 'glove', 'ids'],
    ...['lines', 'loadGlove', 'lowercase', 'openSource', 'padSequences', 'pairFormats', 'parse', 'parseSourceSpec'],
    ...['read', 'readLines', 'readPairs', 'tokenize', 'tokenizers', 'transitions', 'vocabulary'],
  ],
  './models': [
    ...[
      'Merger',
      'RNNCell',
      'RNNEncoder',
      'TrainedRun',
      'WordEmbedding',
      'buildSimpleRnn',
      'evaluate',
      'importWeights',
      'loadWeights',
    ],
    ...['predict', 'saveWeights', 'toDataset', 'train', 'trainRun'],
  ],
  './engine': ['probeEngines', 'startEngine'],
  './testing': ['WatchedSource', 'checkStage', 'laws'],
};
promised['.'] = [...(promised['./pipeline'] ?? []), ...(promised['./stages'] ?? [])];

for (const [name, names] of Object.entries(promised)) {
  test(`${name} exports what the documents name`, async (t) => {
    const target = exports[name] as { default: string };
    const module = (await import(at(source(target.default)).href)) as Record<string, unknown>;
    t.deepEqual(
      names.filter((one) => module[one] === undefined),
      [],
    );
  });
}
