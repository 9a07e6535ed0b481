import test from 'ava';
import type { Explanation, LabelEvaluation, LabelPrediction } from '../../models/index.ts';
import { LABELS, leaves } from '../../stages/index.ts';
import { small, smallCorpus, trainedRun } from './corpus.ts';
import { cli, rowsOf, startCli } from './run-cli.ts';

type ExplainedLabel = LabelPrediction & Explanation;

const pairs = [
  { id: 'first', premise: 'A cat sleeps.', hypothesis: 'A cat sleeps again.' },
  { id: 'second', premise: 'The king sings.', hypothesis: 'A zebra, which no pair had.' },
  { id: 'third', premise: 'Ann runs.', hypothesis: 'Ann runs.' },
];

test('pairs are answered in order, each line at once, the same as one by one', async (t) => {
  const corpus = await smallCorpus(t);
  const run = await trainedRun(t, corpus);
  const inFolder = { cwd: corpus.folder };

  const typed = startCli(t, ['predict', run], inFolder);
  for (const pair of pairs) {
    typed.process.stdin.write(`${JSON.stringify(pair)}\n`);
    // Stdin stays open: an answer that waited for its end would never come.
    await typed.sees(pair.id);
  }
  typed.process.stdin.end();
  const { stdout, stderr, code } = await typed.ended;
  t.is(stderr + code, '0');
  const answers = rowsOf<LabelPrediction & { premise: string; hypothesis: string }>(stdout);
  t.deepEqual(
    answers.map(({ id, premise, hypothesis }) => ({ id, premise, hypothesis })),
    pairs,
  );

  for (const { label, probabilities } of answers) {
    t.deepEqual(Object.keys(probabilities), [...LABELS]);
    t.is(
      label,
      LABELS.reduce((a, b) => (probabilities[b] > probabilities[a] ? b : a)),
    );
  }
  const flags = ['--premise', pairs[1]!.premise, '--hypothesis', pairs[1]!.hypothesis];
  const asked = rowsOf<LabelPrediction>((await cli(t, ['predict', run, ...flags], inFolder)).stdout);
  t.deepEqual(
    asked.map(({ label, probabilities }) => ({ label, probabilities })),
    [{ label: answers[1]!.label, probabilities: answers[1]!.probabilities }],
  );

  // With neither attention nor trees it tells what each word did.
  const explain = ['predict', run, ...flags, '--explain'];
  const [explained] = rowsOf<ExplainedLabel>((await cli(t, [...explain, '--json'], inFolder)).stdout);
  const { tokens, premise, hypothesis } = explained!.importance!;
  t.deepEqual([premise.length, hypothesis.length], [tokens.premise.length, tokens.hypothesis.length]);
  const signed = (value: number) => `${value < 0 ? '' : '+'}${value.toFixed(2)}`;
  const lines = (await cli(t, explain, inFolder)).stdout.split('\n').map((line) => line.trim().split(/ +/));
  t.deepEqual(lines.slice(2, 4), [
    ['premise', ...tokens.premise],
    ['importance', ...premise.map(signed)],
  ]);
  t.deepEqual(lines.slice(5, 7), [
    ['hypothesis', ...tokens.hypothesis],
    ['importance', ...hypothesis.map(signed)],
  ]);

  const broken = `${JSON.stringify(pairs[0])}\n{"premise":"A cat"}\n${JSON.stringify(pairs[2])}\n`;
  const fail = await cli(t, ['predict', run], { ...inFolder, input: broken });
  t.is(fail.code, 1);
  t.regex(fail.stderr, /^millrace: -:2: The field "hypothesis" is wrong; [^\n]*\n$/);
  const skip = await cli(t, ['predict', run, '--on-error', 'skip'], { ...inFolder, input: broken });
  t.is(skip.code, 0);
  const together = rowsOf<LabelPrediction>(skip.stdout);
  t.deepEqual(
    together.map(({ id }) => id),
    ['first', 'third'],
  );
  for (const [i, { probabilities }] of [answers[0]!, answers[2]!].entries()) {
    for (const label of LABELS) t.true(Math.abs(together[i]!.probabilities[label] - probabilities[label]) < 1e-5);
  }

  const half = await cli(t, ['predict', run, '--premise', 'A cat sleeps.'], inFolder);
  t.is(half.code, 2);
  t.regex(half.stderr, /expected both --premise and --hypothesis, neither empty, or neither given and pairs on stdin/);

  const waiting = startCli(t, ['predict', run], inFolder);
  waiting.process.stdin.write(`${JSON.stringify(pairs[0])}\n`);
  await waiting.sees('first');
  waiting.process.kill('SIGINT');
  const interrupted = await waiting.ended;
  t.is(interrupted.code, 130);
  t.is(interrupted.stderr, 'millrace: interrupted\n');
});

test('a model with attention shows where it looked, as tables and as JSON lines', async (t) => {
  const corpus = await smallCorpus(t);
  const inFolder = { cwd: corpus.folder };
  const sources = ['--train', corpus.split('train'), '--dev', corpus.split('dev')];
  const train = ['train', 'advanced-rnn', ...sources, '--out', 'run', ...small];
  const wrong = await cli(t, [...train, '--views', '3'], inFolder);
  t.is(wrong.code, 2);
  t.regex(
    wrong.stderr,
    /\nmillrace: The option views has no part in a model of attention none, found 3\. Leave it out\n$/,
  );
  const trained = await cli(t, [...train, '--attention', 'cross'], inFolder);
  t.is(trained.code, 0, trained.stderr);

  const pair = ['--premise', 'A cat sleeps.', '--hypothesis', 'Ann, the queen, runs.'];
  const json = await cli(t, ['predict', 'run', ...pair, '--explain', '--json'], inFolder);
  const [{ attention, label } = {} as ExplainedLabel] = rowsOf<ExplainedLabel>(json.stdout);
  const { tokens, premise, hypothesis } = attention!;
  t.deepEqual(tokens.premise, ['a', 'cat', 'sleeps', '.']);
  // A word that the model does not know is shown as it was written.
  t.deepEqual(tokens.hypothesis, ['ann', ',', 'the', 'queen', ',', 'runs', '.']);
  t.deepEqual([premise.length, premise[0]!.length, hypothesis.length, hypothesis[0]!.length], [4, 7, 7, 4]);

  const { stdout, stderr, code } = await cli(t, ['predict', 'run', ...pair, '--explain'], inFolder);
  t.is(stderr + code, '0');
  t.true(stdout.startsWith(`1: ${label} (`));
  const cells = stdout.split('\n').map((line) => line.split(/ {2,}| (?=\d)/));
  const row = (name: string, weights: readonly number[]) => [name, ...weights.map((weight) => weight.toFixed(2))];
  t.deepEqual(cells[2], ['premise \\ hypothesis', ...tokens.hypothesis]);
  t.deepEqual(
    cells.slice(3, 7),
    tokens.premise.map((word, i) => row(word, premise[i]!)),
  );
  t.deepEqual(cells[8], ['hypothesis \\ premise', ...tokens.premise]);
  t.deepEqual(
    cells.slice(9, 16),
    tokens.hypothesis.map((word, i) => row(word, hypothesis[i]!)),
  );
});

test('a model that predicts trees reads plain text, and shows them; one that needs parses says what would do', async (t) => {
  const corpus = await smallCorpus(t);
  const inFolder = { cwd: corpus.folder };
  const sources = ['--train', corpus.split('train'), '--dev', corpus.split('dev')];
  const train = ['train', 'spinn', ...sources, ...small, '--epochs', '1', '--tracker-size', '4'];
  const [predicted, given] = await Promise.all([
    cli(t, [...train, '--trees', 'predicted', '--transition-weight', '2', '--out', 'predicted'], inFolder),
    cli(t, [...train, '--out', 'given'], inFolder),
  ]);
  t.is(predicted.code, 0, predicted.stderr);
  t.is(given.code, 0, given.stderr);

  const pair = ['--premise', 'A cat sleeps (again).', '--hypothesis', 'Rain'];
  const json = await cli(t, ['predict', 'predicted', ...pair, '--explain', '--json'], inFolder);
  const [{ trees, label } = {} as ExplainedLabel] = rowsOf<ExplainedLabel>(json.stdout);
  t.deepEqual([trees!.premise.tree].flat(9), ['a', 'cat', 'sleeps', '(', 'again', ')', '.']);
  t.deepEqual(leaves(trees!.premise.brackets), ['a', 'cat', 'sleeps', '-LRB-', 'again', '-RRB-', '.']);
  t.deepEqual(trees!.hypothesis, { brackets: 'rain', tree: 'rain' });
  const { stdout, stderr, code } = await cli(t, ['predict', 'predicted', ...pair, '--explain'], inFolder);
  t.is(stderr + code, '0');
  const [answer, ...others] = stdout.split('\n');
  t.true(answer!.startsWith(`1: ${label} (`));
  t.deepEqual(others, ['', `premise     ${trees!.premise.brackets}`, 'hypothesis  rain', '', '']);

  const refused = await cli(t, ['predict', 'given', ...pair], inFolder);
  t.is(refused.code, 1);
  t.regex(
    refused.stderr,
    /^millrace: command line: The sentence has no binary parse .*`train spinn --trees predicted`/,
  );

  const evaluated = await cli(t, ['evaluate', 'predicted', corpus.split('test'), '--json'], inFolder);
  const [{ parses }] = rowsOf<LabelEvaluation>(evaluated.stdout) as [LabelEvaluation];
  t.true(parses!.sentences > 60 && parses!.f1 > 0.3 && parses!.f1 <= 1);
  const usage = await cli(t, [...train, '--trees', 'predicted', '--tracker-size', '0', '--out', 'none'], inFolder);
  t.is(usage.code, 2);
  t.regex(usage.stderr, /It is the tracker that predicts trees; expected a tracker size of 1 or more, found 0/);
});
