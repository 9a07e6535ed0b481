import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { writeRecords } from '../../commands/output.ts';
import { printable } from '../../commands/print.ts';
import { Pipeline } from '../../pipeline/index.ts';
import { readPairs, type SentencePair } from '../../stages/index.ts';
import { runs } from '../stages/arbitraries.ts';
import { temporaryFolder } from '../stages/files.ts';
import { PAIRS, small, smallCorpus } from './corpus.ts';
import { cli, rowsOf } from './run-cli.ts';

test('a table is piped by its columns; the records and bad records are the same on worker threads', async (t) => {
  const folder = await temporaryFolder(t);
  const rows = Array.from({ length: 200 }, (_, i) => `${i % 2},"a ""b""\n${i}",c${i % 5 === 0 ? ',d' : ''}`);
  await writeFile(join(folder, 'pairs.csv'), ['gold,first,second', ...rows].join('\r\n'));
  const stage = 'parse:csv,premise=first,hypothesis=3,label=gold,entailment=1,neutral=0';
  const outputs = await Promise.all(
    ['0', '1', '2'].map(async (workers) => {
      const flags = ['--workers', workers, '--on-error', `quarantine:bad${workers}.jsonl`];
      const { stdout, code, stderr } = await cli(t, ['pipe', 'pairs.csv', stage, ...flags], { cwd: folder });
      t.is(code, 0, stderr);
      return [stdout, await readFile(join(folder, `bad${workers}.jsonl`), 'utf8')] as const;
    }),
  );
  const [[stdout, bad]] = outputs as [readonly [string, string]];
  t.deepEqual(rowsOf(stdout)[0], {
    ...{ id: 'pairs.csv:4', label: 'entailment', premise: { text: 'a "b"\n1' }, hypothesis: { text: 'c' } },
    origin: { source: 'pairs.csv', line: 4 },
  });
  t.deepEqual([rowsOf(stdout).length, rowsOf(bad).length], [160, 40]);
  for (const output of outputs) t.deepEqual(output, outputs[0]);
});

test('help tells of formats, and a wrong column or option is one line and exit code 2', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'pairs.csv'), 'first,second\na,b\n');
  const help = await cli(t, ['help', 'pipe']);
  for (const format of ['snli', 'snli-tsv', 'jsonl', 'sick', 'stsb', 'quora', 'csv', 'tsv']) {
    t.regex(help.stdout, new RegExp(`^ {10}${format}: `, 'm'));
  }
  const cases: [stage: string, message: RegExp][] = [
    [
      'parse:csv',
      /pairs\.csv:2: There is no column named "premise"; expected one of first, second, found "premise"\n$/,
    ],
    ['parse:csv,column=2', /parse has no such option; expected format=NAME, premise=TEXT/],
    ['parse:stsb,label=2', /The format stsb has no option label; expected no options/],
    ['parse:csv,header=false', /csv without a header has no names of columns/],
  ];
  for (const [stage, message] of cases) {
    const { code, stderr, stdout } = await cli(t, ['pipe', 'pairs.csv', stage], { cwd: folder });
    t.deepEqual([code, stdout], [2, '']);
    t.regex(stderr, message);
    t.regex(stderr, /^millrace: [^\n]*\n$/);
  }
});

test('a model is trained on a table and measured on JSON lines with other fields and labels', async (t) => {
  const { folder, split } = await smallCorpus(t);
  const pairs = (name: 'train' | 'dev') => readPairs(split(name)).toArray();
  const csv = (await pairs('train')).map(
    ({ label, premise, hypothesis }) => `${label},${premise.text},${hypothesis.text}`,
  );
  await writeFile(join(folder, 'train.csv'), csv.join('\n').replaceAll('neutral', 'other'));
  const json = (await pairs('dev')).map(({ label, premise, hypothesis }) =>
    JSON.stringify({ pair: [premise.text, hypothesis.text], gold: label === 'neutral' ? 'other' : label }),
  );
  await writeFile(join(folder, 'dev.jsonl'), json.join('\n'));
  const labels = ['--labels', 'entailment=entailment,neutral=other,contradiction=contradiction'];
  const table = ['--format', 'csv', '--columns', 'label=1,premise=2,hypothesis=3', ...labels];
  const sources = ['--train', 'train.csv', '--dev', 'train.csv', '--out', 'run', '--tokenize', 'word'];
  const trained = await cli(t, ['train', 'simple-rnn', ...small, ...sources, ...table], { cwd: folder });
  t.is(trained.code, 0, trained.stderr);
  t.regex(trained.stderr, new RegExp(`${PAIRS} training pairs`));
  const fields = ['--format', 'jsonl', '--fields', 'premise=pair.0,hypothesis=pair.1,label=gold', ...labels, '--json'];
  const measured = await cli(t, ['evaluate', 'run', 'dev.jsonl', ...fields], { cwd: folder });
  t.is(measured.code, 0, measured.stderr);
  t.is(JSON.parse(measured.stdout).examples, PAIRS);
  const slip = await cli(t, ['evaluate', 'run', 'dev.jsonl', '--format', 'csv', '--columns', '2,3'], { cwd: folder });
  t.is(slip.code, 2);
  t.regex(slip.stderr, /^millrace: --columns has no such option; expected premise=TEXT/);
});

/** Any text at all, halves of surrogate pairs included; a sentence shows something. */
const anyText = fc.string({
  unit: fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    fc.constantFrom('\ud800', '\udfff', '\u2028', '\u0000', '"', '\\', '\n'),
  ),
  maxLength: 12,
});
const sentence = anyText.map((text) => ({ text: `${text}.` }));

test('what is written as JSON lines is read again, whatever the texts hold', async (t) => {
  const path = join(await temporaryFolder(t), 'pairs.jsonl');
  const pair = fc.record({ id: anyText, premise: sentence, hypothesis: sentence });
  await fc.assert(
    fc.asyncProperty(fc.array(pair, { maxLength: 6 }), async (pairs) => {
      const made = pairs.map(
        (one, i): SentencePair => ({ ...one, score: i / 7, origin: { source: 'made', line: i + 1 } }),
      );
      await writeRecords(Pipeline.from(made), path, (record) => printable(record), new AbortController().signal);
      const read = await readPairs(path, { format: 'jsonl' }).toArray();
      const essence = ({ id, score, premise, hypothesis }: SentencePair) => ({ id, score, premise, hypothesis });
      t.deepEqual(read.map(essence), made.map(essence));
    }),
    runs(60),
  );
});
