import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { LabelEvaluation, LabelPrediction } from '../../models/index.ts';
import { LABELS, type Label } from '../../stages/index.ts';
import { PAIRS, smallCorpus, trainedRun } from './corpus.ts';
import { cli, rowsOf, shell } from './run-cli.ts';

test('evaluate counts what predict answers, and tells what it cannot count', async (t) => {
  const corpus = await smallCorpus(t);
  const { folder, split } = corpus;
  const run = await trainedRun(t, corpus);
  const [json, table, predicted] = await Promise.all([
    cli(t, ['evaluate', run, split('test'), '--json'], { cwd: folder }),
    cli(t, ['evaluate', run, split('test')], { cwd: folder }),
    shell(`millrace pipe "${split('test')}" parse:snli | tee pairs.jsonl | millrace predict ${run}`, folder),
  ]);
  const gold = rowsOf<{ id: string; label: Label }>(await readFile(join(folder, 'pairs.jsonl'), 'utf8'));
  const answers = rowsOf<LabelPrediction>(predicted.stdout);
  t.deepEqual(
    answers.map(({ id }) => id),
    gold.map(({ id }) => id),
  );
  const count = (wanted: Label, said: Label) =>
    gold.filter(({ label }, i) => label === wanted && answers[i]?.label === said).length;

  t.is(json.stderr + json.code, '0');
  const evaluation = JSON.parse(json.stdout) as LabelEvaluation;
  const { examples, accuracy, loss, perClass, confusion, pairsPerSecond } = evaluation;
  t.deepEqual(Object.keys(evaluation), [
    ...['target', 'examples', 'accuracy', 'loss', 'perClass', 'confusion', 'pairsPerSecond'],
  ]);
  t.is(examples, PAIRS);
  const right = LABELS.reduce((sum, label) => sum + count(label, label), 0);
  t.is(accuracy, right / PAIRS);
  const surprise = gold.map(({ label }, i) => -Math.log(answers[i]!.probabilities[label]));
  t.true(Math.abs(loss - surprise.reduce((sum, value) => sum + value, 0) / PAIRS) < 1e-4);
  t.true(pairsPerSecond > 0);
  for (const label of LABELS) {
    t.deepEqual(confusion[label], Object.fromEntries(LABELS.map((said) => [said, count(label, said)])));
    const support = gold.filter((pair) => pair.label === label).length;
    const said = answers.filter((answer) => answer.label === label).length;
    const precision = said === 0 ? 0 : count(label, label) / said;
    const recall = count(label, label) / support;
    const f1 = precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
    t.deepEqual(Object.keys(perClass[label]), ['precision', 'recall', 'f1', 'support']);
    t.is(perClass[label].support, support);
    for (const [found, expected] of [
      [perClass[label].precision, precision],
      [perClass[label].recall, recall],
      [perClass[label].f1, f1],
    ] as const) {
      t.true(Math.abs(found - expected) < 1e-12);
    }
    t.regex(
      table.stdout,
      new RegExp(`\n${label} +${precision.toFixed(3)} +${recall.toFixed(3)} +[\\d.]+ +${support}\n`),
    );
  }
  t.true(table.stdout.startsWith(`accuracy ${accuracy.toFixed(4)}  loss ${loss.toFixed(4)}  ${PAIRS} pairs, `));

  const pair = '"premise":"A cat sleeps.","hypothesis":"A cat sleeps again."';
  await writeFile(join(folder, 'half.jsonl'), `{${pair},"label":"neutral"}\n{${pair}}\n`);
  await writeFile(join(folder, 'none.jsonl'), `{${pair}}\n`);
  const evaluate = (...args: string[]) => cli(t, ['evaluate', ...args], { cwd: folder });
  const half = await evaluate(run, 'half.jsonl', '--format', 'jsonl', '--json');
  t.is(half.stderr, '1 pairs without a label left out\n');
  t.is((JSON.parse(half.stdout) as LabelEvaluation).examples, 1);

  const cases: [args: string[], code: number, message: RegExp][] = [
    [[run, 'none.jsonl', '--format', 'jsonl'], 1, /no labelled pair to evaluate/],
    [
      [run, split('dev'), '--format', 'xml'],
      2,
      /expected one of snli, snli-tsv, jsonl, sick, stsb, quora, csv, tsv, found "xml"/,
    ],
    [[folder, split('dev')], 1, /config\.json: The file cannot be read\. A run is a folder that `millrace train/],
  ];
  for (const [args, code, message] of cases) {
    const result = await evaluate(...args);
    t.is(result.code, code, result.stderr);
    t.regex(result.stderr, message);
    t.notRegex(result.stderr, /\n {4}at |please report/);
    t.is(result.stdout, '');
  }
});
