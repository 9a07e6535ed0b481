import { cp, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { startEngine } from '../../engine/index.ts';
import type { Architecture } from '../../models/architectures.ts';
import { readCheckpoint } from '../../models/checkpoint-file.ts';
import { devFigures } from '../../models/dev-figures.ts';
import { movesOfShape } from '../../models/layers/tree-moves.ts';
import { TrainedRun } from '../../models/run.ts';
import type { RunCheckpoint } from '../../models/run-checkpoint.ts';
import { type TrainRunOptions, trainRun } from '../../models/train-run.ts';
import type { SentenceTree } from '../../models/trees.ts';
import { type ErrorCode, MillraceError, Pipeline, toPlain } from '../../pipeline/index.ts';
import { leaves, read, readPairs, type SentencePair, transitions, transitionsOf } from '../../stages/index.ts';
import { PAIRS, type SmallCorpus, smallCorpus } from '../commands/corpus.ts';
import { rowsOf } from '../commands/run-cli.ts';
import { accuracyOf } from './helpers.ts';

function optionsOf({ folder, split }: SmallCorpus, run: string): TrainRunOptions {
  return {
    architecture: { model: 'simple-rnn' },
    train: readPairs(split('train')),
    dev: readPairs(split('dev')),
    freezeEmbeddings: false,
    hiddenSize: 6,
    head: 'classifier',
    dropout: 0.2,
    epochs: 1,
    batchSize: 8,
    learningRate: 0.01,
    decay: 0.5,
    maxGradientNorm: 5,
    patience: 5,
    seed: 3,
    tokenizer: 'parse',
    lowercase: true,
    out: join(folder, run),
    version: '0',
    saveEvery: 2,
  };
}

/** What a run holds, but for what depends on the clock. */
async function contents({ folder }: SmallCorpus, run: string) {
  const file = (name: string) => readFile(join(folder, run, name));
  const metrics = rowsOf((await file('metrics.jsonl')).toString());
  return {
    metrics: metrics.map(({ seconds, dataWaitSeconds, pairsPerSecond, ...record }) => record),
    weights: (await file('weights.safetensors')).toString('hex'),
    config: JSON.parse((await file('config.json')).toString()),
    files: (await readdir(join(folder, run))).sort(),
  };
}

async function resumeOf(options: TrainRunOptions): Promise<TrainRunOptions> {
  return { ...options, resume: await readCheckpoint<RunCheckpoint>(options.out) };
}

test.before(async () => {
  await startEngine('wasm');
});

/** Every model, with more than its defaults. */
const ARCHITECTURES: readonly Architecture[] = [
  { model: 'advanced-rnn', cell: 'gru', layers: 2, bidirectional: true, pooling: 'max' },
  { model: 'spinn', trackerSize: 3 },
  { model: 'spinn', trees: 'balanced' },
  { model: 'spinn', trees: 'predicted', trackerSize: 3, transitionWeight: 2 },
];

for (const architecture of ARCHITECTURES) {
  const name = JSON.stringify(architecture);
  test.serial(`${name} is trained, taken further and loaded like the simple model`, async (t) => {
    const corpus = await smallCorpus(t);
    await trainRun({ ...optionsOf(corpus, 'longer'), architecture, epochs: 2 });
    const options: TrainRunOptions = { ...optionsOf(corpus, 'run'), architecture };
    await trainRun(options);
    await trainRun({ ...(await resumeOf(options)), epochs: 2 });
    t.deepEqual(await contents(corpus, 'run'), await contents(corpus, 'longer'));

    const run = await TrainedRun.open(options.out);
    t.deepEqual(run.config.architecture, architecture);
    const accuracy = accuracyOf(await run.evaluate(readPairs(corpus.split('dev'))));
    const { best } = rowsOf<{ devAccuracy: number; best: boolean }>(
      (await readFile(join(options.out, 'metrics.jsonl'))).toString(),
    )
      .filter(({ devAccuracy }) => devAccuracy !== undefined)
      .reduce((state, row) => (row.best ? { best: row.devAccuracy } : state), { best: Number.NaN });
    t.true(Math.abs(accuracy - best) < 1e-9);

    const other: Architecture = { model: 'advanced-rnn', layers: 3 };
    const resumed = { ...(await resumeOf(options)), architecture: other, epochs: 3 };
    t.is((await t.throwsAsync(trainRun(resumed), { instanceOf: MillraceError }))?.code, 'MILLRACE_STATE');
  });
}

test.serial('SPINN on two threads reads the parses of its part of each batch', async (t) => {
  const corpus = await smallCorpus(t);
  const architecture: Architecture = { model: 'spinn', trackerSize: 3, trees: 'predicted' };
  const options = (run: string) => ({ ...optionsOf(corpus, run), architecture, dropout: 0, workers: 2 });
  await trainRun(options('one'));
  await trainRun({ ...options('other'), epochs: 2 });
  await trainRun({ ...(await resumeOf(options('one'))), epochs: 2 });
  t.deepEqual(await contents(corpus, 'one'), await contents(corpus, 'other'));
});

/** Pairs as a corpus without parses has them. */
const withoutParses = (pairs: Pipeline<SentencePair>) =>
  pairs.map((pair): SentencePair => {
    const { premise, hypothesis, ...rest } = toPlain(pair) as SentencePair;
    return { ...rest, premise: { text: premise.text }, hypothesis: { text: hypothesis.text } };
  });

test.serial('who predicts trees learns from parses alone, and is measured and asked without', async (t) => {
  const corpus = await smallCorpus(t);
  const architecture: Architecture = { model: 'spinn', trees: 'predicted', trackerSize: 3 };
  const options: TrainRunOptions = { ...optionsOf(corpus, 'run'), architecture, tokenizer: 'auto' };
  const dev = withoutParses(options.dev);
  const { best } = await trainRun({ ...options, dev, out: join(corpus.folder, 'raw') });
  t.is(best?.dev.parses, undefined);
  const { best: withParses } = await trainRun(options);
  t.is(withParses?.dev.parses?.sentences, 2 * PAIRS);

  const run = await TrainedRun.open(options.out);
  const measured = await run.evaluate(options.dev);
  t.deepEqual(measured.parses, withParses?.dev.parses);
  const raw = await run.evaluate(dev);
  t.is(raw.parses, undefined);
  // The Treebank's tokens of these sentences are those of their parses.
  t.is(devFigures(raw).devLoss, devFigures(measured).devLoss);

  const explained = run.explain(dev);
  const broken = options.dev.map((pair) => ({
    ...(toPlain(pair) as SentencePair),
    premise: { text: pair.premise.text, binaryParse: '( ( no ) tree' },
  }));
  t.is((await t.throwsAsync(run.evaluate(broken), { instanceOf: MillraceError })).code, 'MILLRACE_BAD_RECORD');
  for await (const prediction of run.predict(dev)) {
    const { value } = await explained.next();
    t.like(value, prediction);
    const { tokens, brackets } = wordsOf(value!.trees!.premise);
    t.is(tokens.at(-1), '.');
    t.deepEqual(brackets, tokens);
  }
  const unparsed = { ...options, train: withoutParses(options.train), out: join(corpus.folder, 'none') };
  const error = await t.throwsAsync(trainRun(unparsed), { instanceOf: MillraceError });
  t.is(error.code, 'MILLRACE_BAD_RECORD');
  t.regex(error.message, /_train\.jsonl:1: The sentence has no binary parse/);
});

/** The words of a tree, by its nested pairs and by its brackets. */
function wordsOf({ tree, brackets }: SentenceTree) {
  return { tokens: [tree].flat(9) as string[], brackets: leaves(brackets) };
}

test.serial('every SPINN tells its trees', async (t) => {
  const corpus = await smallCorpus(t);
  const dev = readPairs(corpus.split('dev'));
  const moves = await dev.pipe(transitions()).toArray();
  for (const trees of ['parse', 'right'] as const) {
    const options: TrainRunOptions = { ...optionsOf(corpus, trees), architecture: { model: 'spinn', trees } };
    await trainRun(options);
    let row = 0;
    for await (const { trees: told } of (await TrainedRun.open(options.out)).explain(dev)) {
      const { premise } = moves[row++]!;
      const words = (premise.transitions!.length + 1) / 2;
      const expected = trees === 'parse' ? premise.transitions! : movesOfShape('right', words);
      t.deepEqual([...(transitionsOf(told!.premise.brackets) as Int32Array)], [...Array.from(expected)]);
    }
    t.is(row, PAIRS);
  }
});

test.serial('models with attention are saved and loaded, and tell of the words that they read', async (t) => {
  const corpus = await smallCorpus(t);
  const dev = readPairs(corpus.split('dev'));
  for (const [i, attention] of [
    { attention: 'inner', views: 2 } as const,
    { attention: 'cross', cell: 'gru' } as const,
    { attention: 'cross', compose: 'decomposable' } as const,
  ].entries()) {
    const architecture = { model: 'advanced-rnn', ...attention } as const;
    const { best, parameters } = await trainRun({ ...optionsOf(corpus, `run-${i}`), architecture });
    const run = await TrainedRun.open(join(corpus.folder, `run-${i}`));
    t.like(run.config, { architecture });
    t.is(run.model.countParams(), parameters);
    const evaluation = await run.evaluate(dev);
    t.is(accuracyOf(evaluation), accuracyOf(best!.dev));
    t.true(Math.abs(devFigures(evaluation).devLoss - devFigures(best!.dev).devLoss) < 1e-6);

    const [predicted, explained] = [run.predict(dev), run.explain(dev)];
    for await (const { attention, ...prediction } of explained) {
      t.deepEqual(prediction, (await predicted.next()).value);
      const { tokens, hypothesis, kind } = attention!;
      const words = kind === 'inner' ? tokens.hypothesis : tokens.premise;
      t.true(tokens.premise.length > 2 && tokens.premise.at(-1) === '.');
      t.true(hypothesis.every((row) => row.length === words.length));
    }
    t.true((await predicted.next()).done);
  }
  const wrong = { ...optionsOf(corpus, 'wrong'), architecture: { model: 'advanced-rnn', views: 2 } as const };
  t.is((await t.throwsAsync(trainRun(wrong), { instanceOf: MillraceError }))?.code, 'MILLRACE_USAGE');
  t.false((await readdir(corpus.folder)).includes('wrong'));
});

test.serial('a run that has ended is taken further with more epochs, and left as it is without', async (t) => {
  const corpus = await smallCorpus(t);
  await trainRun({ ...optionsOf(corpus, 'longer'), epochs: 3 });
  const options = optionsOf(corpus, 'run');
  await trainRun(options);
  const ended = await contents(corpus, 'run');
  const nothing = await trainRun(await resumeOf(options));
  t.like(nothing, { ended: 'finished', epochs: 1, trainPairs: 36, best: { epoch: 1 } });
  t.deepEqual(await contents(corpus, 'run'), ended);
  await trainRun({ ...(await resumeOf(options)), epochs: 3 });
  t.deepEqual(await contents(corpus, 'run'), await contents(corpus, 'longer'));
});

test.serial('text is read once, and what it was cut into leaves nothing behind', async (t) => {
  const corpus = await smallCorpus(t);
  const options = optionsOf(corpus, 'run');
  let [pairs, devPairs] = [0, 0];
  const train = options.train.tap(() => void pairs++);
  const dev = options.dev.tap(() => void devPairs++);
  const { trainPairs } = await trainRun({ ...options, train, dev, epochs: 3 });
  t.is(pairs, trainPairs);
  t.is(devPairs, PAIRS);
  t.false((await readdir(options.out)).includes('cache'));

  // Nothing shows of where the tokens came from.
  const [training, development] = [await options.train.toArray(), await options.dev.toArray()];
  const plain = { ...options, train: Pipeline.from(training), dev: Pipeline.from(development), epochs: 3 };
  await trainRun({ ...plain, out: join(corpus.folder, 'plain') });
  t.deepEqual(await contents(corpus, 'run'), await contents(corpus, 'plain'));
});

test.serial('a pair without a label is a bad record, before anything is learnt', async (t) => {
  const corpus = await smallCorpus(t);
  const [one, ...others] = await readPairs(corpus.split('train')).toArray();
  const { label: _, ...unlabelled } = toPlain(one) as SentencePair;
  const train = Pipeline.from([...others.slice(0, 20), unlabelled, ...others.slice(20)]);
  const options = { ...optionsOf(corpus, 'run'), train };
  const error = await t.throwsAsync(trainRun(options), { instanceOf: MillraceError });
  t.is(error.code, 'MILLRACE_BAD_RECORD');
  t.regex(
    error.message,
    /_train\.jsonl:1: The pair has no label to learn from \(.*r1e\); expected one of entailment, /,
  );
  t.false((await readdir(corpus.folder)).includes('run'));

  await trainRun({ ...options, train: train.onError('skip') });
  await trainRun({ ...options, train: Pipeline.from(others), out: join(corpus.folder, 'others') });
  t.deepEqual(await contents(corpus, 'run'), await contents(corpus, 'others'));
});

/** SICK's format: the more words of one sentence are in the other, the more they are related. */
function sickLines(count: number): string {
  const rows = Array.from({ length: count }, (_, i) => {
    const words = ['cat', 'dog', 'king', 'ann', 'fox'].map((_, at, all) => all[(i + at * (1 + (i % 3))) % 5]!);
    const shared = i % 5;
    const other = words.map((word, at) => (at < shared ? word : 'none'));
    return `${i}\t${words.join(' ')}\t${other.join(' ')}\t${1 + 0.9 * shared}\tNEUTRAL`;
  });
  return rows.join('\n');
}

test.serial('scores are learnt, gone on with and told of, alone and on two workers', async (t) => {
  const corpus = await smallCorpus(t);
  const file = join(corpus.folder, 'sick.txt');
  await writeFile(file, sickLines(60));
  const pairs = readPairs(file, { format: 'sick' });
  const scored = (run: string): TrainRunOptions => ({
    ...optionsOf(corpus, run),
    architecture: { model: 'advanced-rnn', pooling: 'mean' },
    tokenizer: 'auto',
    head: 'distance',
    target: 'score',
    train: pairs,
    dev: pairs,
    epochs: 2,
  });
  for (const workers of [1, 2]) {
    const [whole, stopped] = [`whole-${workers}`, `stopped-${workers}`];
    const { best, trainPairs } = await trainRun({ ...scored(whole), workers });
    t.is(trainPairs, 60);
    await trainRun({ ...scored(stopped), workers, epochs: 1 });
    const resumed = await trainRun({ ...(await resumeOf(scored(stopped))), workers });
    t.is(resumed.trainPairs, 60);
    t.deepEqual(await contents(corpus, stopped), await contents(corpus, whole));

    const run = await TrainedRun.open(join(corpus.folder, whole));
    t.like(run.config, { head: 'distance', target: 'score', thresholds: undefined });
    const { pairsPerSecond: _, ...figures } = await run.evaluate(pairs);
    t.true(best!.dev.target === 'score' && figures.target === 'score');
    t.true(Math.abs(devFigures(best!.dev).devPearson! - devFigures(await run.evaluate(pairs)).devPearson!) < 1e-6);
    const [prediction] = await Pipeline.from(run.predict(pairs.take(1))).toArray();
    t.deepEqual(Object.keys(prediction!), ['id', 'score']);
  }
  const lacking = Pipeline.from([...(await pairs.toArray()), ...(await readPairs(corpus.split('train')).toArray())]);
  const cases: [Partial<TrainRunOptions>, ErrorCode, RegExp][] = [
    [{ train: lacking }, 'MILLRACE_BAD_RECORD', /_train\.jsonl:1: The pair has no score to learn from \(.*r1e\)/],
    [{ head: 'classifier' }, 'MILLRACE_USAGE', /A score is learnt by a distance/],
    [{ classWeights: 'balanced' }, 'MILLRACE_USAGE', /Class weights weigh labels/],
  ];
  for (const [changes, code, message] of cases) {
    const error = await t.throwsAsync(trainRun({ ...scored('none'), ...changes }), { instanceOf: MillraceError });
    t.is(error.code, code);
    t.regex(error.message, message);
    t.false((await readdir(corpus.folder)).includes('none'));
  }
  const other = { ...(await resumeOf(scored('whole-1'))), target: 'label' } as const;
  t.is((await t.throwsAsync(trainRun(other), { instanceOf: MillraceError })).code, 'MILLRACE_STATE');
});

test.serial('a training of scores begins at those of its pairs', async (t) => {
  const corpus = await smallCorpus(t);
  const pairs = (await readPairs(corpus.split('train')).toArray()).slice(0, 8);
  // From -40 to 30: the mean is -5.
  const scored = Pipeline.from(pairs.map((pair, i) => ({ ...(toPlain(pair) as SentencePair), score: 10 * i - 40 })));
  const options: TrainRunOptions = {
    ...optionsOf(corpus, 'run'),
    head: 'distance',
    target: 'score',
    train: scored,
    dev: scored,
    learningRate: 0,
    dropout: 0,
  };
  await trainRun(options);
  const { model } = await TrainedRun.open(options.out);
  const [slope, offset] = model.getLayer('score').getWeights();
  t.deepEqual([...slope!.dataSync(), ...offset!.dataSync()], [-35, 30]);
});

test.serial('the word vectors are in the checkpoint: their file is not read again', async (t) => {
  const corpus = await smallCorpus(t);
  const options = { ...optionsOf(corpus, 'run'), glove: () => read(corpus.vectors) };
  await trainRun({ ...options, epochs: 1 });
  await rm(corpus.vectors);
  t.like(await trainRun({ ...(await resumeOf(options)), epochs: 2 }), { epochs: 2 });
});

test.serial('a checkpoint of an older run does not outlive the beginning of another in its place', async (t) => {
  const corpus = await smallCorpus(t);
  const options = optionsOf(corpus, 'run');
  await trainRun(options);
  const failing = { ...options, dev: readPairs(corpus.split('dev')).filter(() => false) };
  await t.throwsAsync(trainRun({ ...failing, seed: 4 }), { message: /no labelled pair to evaluate/ });
  t.is((await resumeOf(options)).resume!.settings.seed, 4);
});

test.serial('a run that would not be the one that was stopped is refused, and left as it was', async (t) => {
  const corpus = await smallCorpus(t);
  const options = optionsOf(corpus, 'run');
  await trainRun(options);
  const whole = await contents(corpus, 'run');
  const further = { ...(await resumeOf(options)), epochs: 2 };
  const refused = async (changes: Partial<TrainRunOptions>, code: ErrorCode, message: RegExp) => {
    const error = await t.throwsAsync(trainRun({ ...further, ...changes }), { instanceOf: MillraceError });
    t.is(error.code, code, error.message);
    t.regex(error.message, message);
  };
  await refused({ hiddenSize: 7 }, 'MILLRACE_STATE', /begun with another hiddenSize; expected 6, found 7/);
  await refused({ embeddingSize: 7 }, 'MILLRACE_STATE', /begun with another embeddingSize; expected "?100"?, found 7/);
  await refused({ workers: 2 }, 'MILLRACE_STATE', /begun with another workers; expected "?1"?, found 2/);
  await refused({ seed: 4 }, 'MILLRACE_STATE', /begun with another seed/);
  await refused({ train: options.train.take(30) }, 'MILLRACE_STATE', /The train source has changed/);
  await refused({ dev: options.train }, 'MILLRACE_STATE', /The dev source has changed/);

  const damaged = async (file: string, change: (text: string) => string, message: RegExp) => {
    const path = join(options.out, file);
    await cp(path, `${path}.kept`);
    await writeFile(path, change(await readFile(path, 'utf8')));
    await refused({}, 'MILLRACE_BAD_RUN', message);
    await rename(`${path}.kept`, path);
  };
  await damaged('metrics.jsonl', (text) => text.slice(0, -1), /metrics\.jsonl: .*bytes or more/);
  await damaged('vocab.json', (text) => text.replace('"cat"', '"cow"'), /vocab\.json: .*begun with/);
  t.deepEqual(await contents(corpus, 'run'), whole);

  // The same bytes with another date are another file, as far as can be told at a glance.
  await utimes(corpus.archive, new Date(), new Date(2001, 1, 1));
  await refused({}, 'MILLRACE_STATE', /The train source has changed/);
  t.deepEqual(await contents(corpus, 'run'), whole);
});

test.serial('pairs from memory, which nobody can tell from others, can be gone on with too', async (t) => {
  const corpus = await smallCorpus(t);
  const pairs = await readPairs(corpus.split('train')).toArray();
  const options = { ...optionsOf(corpus, 'run'), train: Pipeline.from(pairs), dev: Pipeline.from(pairs.slice(9)) };
  await trainRun({ ...options, out: join(corpus.folder, 'whole'), epochs: 2 });
  await trainRun(options);
  await trainRun({ ...(await resumeOf(options)), epochs: 2 });
  t.deepEqual(await contents(corpus, 'run'), await contents(corpus, 'whole'));
});
