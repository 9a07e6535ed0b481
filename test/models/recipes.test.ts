import { readFileSync } from 'node:fs';
import test from 'ava';
import { startEngine } from '../../engine/index.ts';
import { assertArchitecture, buildModel } from '../../models/architectures.ts';
import { type Recipe, type RecipeName, recipes } from '../../models/recipes.ts';

/** What `docs/models.md` tells, without word vectors, which are of 300 numbers. */
const told = new Map<string, number>(
  [...readFileSync('docs/models.md', 'utf8').matchAll(/^\| `([\w-]+)` \|.* \| ([\d,]+) \|$/gm)].map(
    ([, name, count]) => [name!, Number(count!.replaceAll(',', ''))],
  ),
);

/** What the papers tell. */
const published: Partial<Record<RecipeName, number>> = {
  'lstm-300': 3.0e6,
  'inner-attention': 2.8e6,
  decomposable: 380e3,
  esim: 4.3e6,
  'spinn-pi': 3.7e6,
  spinn: 2.7e6,
};

test.before(async () => {
  await startEngine('wasm');
});

for (const [name, { architecture, options }] of Object.entries<Recipe>(recipes)) {
  test.serial(`${name}: its model has as many parameters as we tell, and within 3% of the paper's`, (t) => {
    t.notThrows(() => assertArchitecture(architecture, options));
    const hiddenSize = options.hiddenSize!;
    const model = buildModel(architecture, { ...options, hiddenSize, vocabularySize: 2, embeddingSize: 300, seed: 0 });
    const learnt = model.trainableWeights.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a! * b!, 1)!, 0);
    const embeddings = options.freezeEmbeddings ? 0 : 2 * 300;
    t.is(told.get(name), learnt - embeddings);
    const expected = published[name as RecipeName] ?? learnt - embeddings;
    t.true(Math.abs(learnt - embeddings - expected) < 0.03 * expected);
    model.optimizer.dispose();
    model.dispose();
  });
}
