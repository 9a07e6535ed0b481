import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import test from 'ava';
import { catalog } from '../../stages/index.ts';
import { temporaryFolder } from '../stages/files.ts';
import { entryOf, PAIRS, smallCorpus } from './corpus.ts';
import { cli, rowsOf, shell } from './run-cli.ts';

/** The first two pairs of the dev split, as `pipe` prints them. */
const pairs = (source: string) => [
  {
    id: '3.jpg#0r1e',
    label: 'entailment',
    premise: { text: 'Ann sings.', tokens: ['ann', 'sings', '.'], transitions: [0, 0, 0, 1, 1] },
    hypothesis: { text: 'Ann sings.', tokens: ['ann', 'sings', '.'], transitions: [0, 0, 0, 1, 1] },
    origin: { source, entry: entryOf('dev'), line: 1 },
  },
  {
    id: '4.jpg#0r1n',
    label: 'neutral',
    premise: { text: 'A cat sings.', tokens: ['a', 'cat', 'sings', '.'], transitions: [0, 0, 1, 0, 0, 1, 1] },
    hypothesis: {
      text: 'A cat sings again.',
      tokens: ['a', 'cat', 'sings', 'again', '.'],
      transitions: [0, 0, 1, 0, 0, 1, 0, 1, 1],
    },
    origin: { source, entry: entryOf('dev'), line: 2 },
  },
];

test('pairs are printed with the fields that their stages made, in order, and nothing else is', async (t) => {
  const { folder } = await smallCorpus(t);
  const args = `pipe snli_1.0.zip#${entryOf('dev')} parse:snli tokenize:parse lowercase transitions --limit 2`;
  const { stdout, stderr, code } = await cli(t, args.split(' '), { cwd: folder });
  t.is(stderr, '');
  t.is(code, 0);
  t.is(
    stdout,
    pairs('snli_1.0.zip')
      .map((pair) => `${JSON.stringify(pair)}\n`)
      .join(''),
  );
});

test('--all adds what came with the corpus, and --stats a table on stderr alone', async (t) => {
  const { split } = await smallCorpus(t);
  const { stdout, stderr, code } = await cli(t, ['pipe', split('dev'), 'parse:snli', '--all', '--stats']);
  t.is(code, 0);
  const rows = rowsOf(stdout);
  t.is(rows.length, PAIRS);
  t.deepEqual(Object.keys(rows[0] ?? {}).sort(), [
    ...['annotatorLabels', 'captionId', 'hypothesis', 'id', 'label', 'origin', 'premise'],
  ]);
  t.deepEqual(Object.keys((rows[0] as { premise: object }).premise).sort(), ['binaryParse', 'parse', 'text']);
  t.regex(stderr, /^stage +in +out +MB out +busy s +waiting s +share .*notes\n/);
  t.regex(stderr, new RegExp(`\nparse +${PAIRS + 1} +${PAIRS} .* 1 no gold label\n`));
  t.regex(stderr, /\n36 records in [\d.]+ s, [\d,]+ a second; \w+ limits it/);
});

test('words of a text are counted', async (t) => {
  const cwd = await temporaryFolder(t);
  await writeFile(join(cwd, 'notes.txt'), 'the cat sat\n\non the mat, the end\n');
  const counted = await cli(t, ['pipe', 'notes.txt', 'lines', 'tokenize:word', 'count'], { cwd });
  t.deepEqual(rowsOf(counted.stdout), [
    { token: 'the', count: 3 },
    ...['cat', 'end', 'mat', 'on', 'sat'].map((token) => ({ token, count: 1 })),
  ]);
  t.is(counted.stderr + counted.code, '0');
  const plain = await cli(t, ['pipe', 'notes.txt', '--limit', '1'], { cwd });
  t.is(plain.stdout, '{"text":"the cat sat","origin":{"source":"notes.txt","line":1}}\n');
});

test('batches are printed as their arrays, a row a sentence', async (t) => {
  const { folder, split } = await smallCorpus(t);
  const stages = ['parse:snli', 'tokenize:parse', 'lowercase'];
  const vocabulary = await cli(t, ['pipe', split('train'), ...stages, 'vocabulary:vocab.json'], { cwd: folder });
  const entries = rowsOf<{ id: number; token: string }>(vocabulary.stdout);
  t.deepEqual(
    entries.map(({ id }) => id),
    entries.map((_, i) => i),
  );
  const id = new Map(entries.map((entry) => [entry.token, entry.id]));
  const { stdout } = await cli(t, ['pipe', split('dev'), ...stages, 'ids:vocab.json', 'batch:2', '--limit', '1'], {
    cwd: folder,
  });
  const row = (words: string) => words.split(' ').map((word) => id.get(word));
  t.deepEqual(rowsOf(stdout), [
    {
      size: 2,
      premise: { ids: [row('ann sings . <pad>'), row('a cat sings .')], lengths: [3, 4] },
      hypothesis: { ids: [row('ann sings . <pad> <pad>'), row('a cat sings again .')], lengths: [3, 5] },
      labels: [0, 1],
      pairIds: ['3.jpg#0r1e', '4.jpg#0r1n'],
    },
  ]);
});

test('--to writes a file that is whole, that leaves nothing beside it, and that parse:jsonl reads again', async (t) => {
  const { folder, split } = await smallCorpus(t);
  const stages = ['parse:snli', 'tokenize:parse', 'lowercase', 'transitions'];
  const written = await cli(t, ['pipe', split('dev'), ...stages, '--to', 'out/pairs.jsonl'], { cwd: folder });
  t.deepEqual(written, { stdout: '', stderr: '', code: 0 });
  t.deepEqual(await readdir(join(folder, 'out')), ['pairs.jsonl']);
  const first = rowsOf(await readFile(join(folder, 'out', 'pairs.jsonl'), 'utf8'));
  t.is(first.length, PAIRS);
  const again = await cli(t, ['pipe', 'out/pairs.jsonl', 'parse:jsonl'], { cwd: folder });
  t.deepEqual(
    rowsOf(again.stdout),
    first.map((pair, i) => ({ ...pair, origin: { source: 'out/pairs.jsonl', line: i + 1 } })),
  );

  const nowhere = await cli(t, ['pipe', split('dev'), '--to', 'out'], { cwd: folder });
  t.is(nowhere.code, 1);
  t.regex(nowhere.stderr, /^millrace: out: The output cannot be written \(EISDIR[^\n]*\n$/);
  t.deepEqual((await readdir(folder)).sort(), ['out', 'snli_1.0.zip', 'vectors.txt']);
});

test('--to FILE.arrow writes what the lines would say', async (t) => {
  const { folder, split } = await smallCorpus(t);
  const stages = ['parse:snli', 'tokenize:parse', 'lowercase', 'transitions'];
  const printed = await cli(t, ['pipe', split('dev'), ...stages], { cwd: folder });
  const written = await cli(t, ['pipe', split('dev'), ...stages, '--to', 'dev.arrow'], { cwd: folder });
  t.deepEqual(written, { stdout: '', stderr: '', code: 0 });
  const table = tableFromIPC(await readFile(join(folder, 'dev.arrow')));
  t.deepEqual(
    table.toArray().map((row) => JSON.parse(JSON.stringify(row))),
    rowsOf(printed.stdout),
  );
});

test('the same seed gives the same order, another seed another', async (t) => {
  const { split } = await smallCorpus(t);
  const order = async (seed: string) =>
    (await cli(t, ['pipe', split('train'), 'parse:snli', 'shuffle:100', '--seed', seed])).stdout;
  const [seven, again, eight] = await Promise.all(['7', '7', '8'].map(order));
  t.is(seven, again);
  t.not(seven, eight);
  t.deepEqual(seven?.split('\n').sort(), eight?.split('\n').sort());
});

test('any number of workers prints the same, and whoever asks for some where nothing can go is told', async (t) => {
  const { folder, split } = await smallCorpus(t);
  const args = ['pipe', split('train'), 'parse:snli', 'tokenize:parse', '--workers'];
  const [none, two, auto, nothing, wrong] = await Promise.all([
    cli(t, [...args, '0']),
    cli(t, [...args, '2', '--stats']),
    cli(t, [...args, 'auto']),
    cli(t, ['pipe', 'vectors.txt', 'glove', '--workers', '1'], { cwd: folder }),
    cli(t, [...args, 'many']),
  ]);
  t.is(none.code, 0, none.stderr);
  t.is(two.stdout, none.stdout);
  t.is(auto.stdout, none.stdout);
  t.regex(two.stderr, /\nlines .* on 1 worker\nparse .* on 1 worker.*\ntokenize .* on 1 worker/);
  t.regex(nothing.stderr, /^millrace: There is nothing to run on worker threads; [^\n]*\n$/);
  t.is(wrong.code, 2);
});

test('a bad record ends the run, or is left out, or set aside, as --on-error says', async (t) => {
  const cwd = await temporaryFolder(t);
  const good = '{"premise":"A cat sleeps.","hypothesis":"A cat rests."}';
  await writeFile(join(cwd, 'pairs.jsonl'), `${good}\n{"premise":"A cat\n${good}\n`);
  const [fail, skip, aside, unknown] = await Promise.all(
    ['fail', 'skip', 'quarantine:bad/rows.jsonl', 'ignore'].map((policy) =>
      cli(t, ['pipe', 'pairs.jsonl', 'parse:jsonl', '--on-error', policy, '--stats'], { cwd }),
    ),
  );
  t.is(fail?.code, 1);
  t.regex(fail?.stderr ?? '', /^millrace: pairs\.jsonl:2: The line is not JSON [^\n]*\n$/);
  t.deepEqual(rowsOf(fail?.stdout ?? '').length, 1, 'the records before the bad one are printed');
  for (const result of [skip, aside]) {
    t.is(result?.code, 0);
    t.is(rowsOf(result?.stdout ?? '').length, 2);
    t.regex(result?.stderr ?? '', /\nparse +3 +2 .* 1 bad: the line is not JSON \(1\)\n/);
  }
  const [quarantined] = rowsOf<{ error: object; raw: object }>(await readFile(join(cwd, 'bad/rows.jsonl'), 'utf8'));
  t.like(quarantined?.error, { code: 'MILLRACE_BAD_RECORD', origin: { source: 'pairs.jsonl', line: 2 } });
  t.like(quarantined?.raw, { text: '{"premise":"A cat' });
  t.is(unknown?.code, 2);
  t.regex(unknown?.stderr ?? '', /expected fail, skip or quarantine:FILE, found "ignore"/);
});

test('wrong usage exits with 2 and names what would have worked; what is not there with 1', async (t) => {
  const { folder } = await smallCorpus(t);
  const cases: [args: string, code: number, message: RegExp][] = [
    ['pipe vectors.txt tokenise', 2, /no stage named "tokenise"; expected one of lines, requeue, parse, tokenize, /],
    ['pipe vectors.txt --limit -1', 2, /--limit <n>.*whole number of 0 or more/],
    ['pipe vectors.txt --limt 1', 2, /Did you mean --limit\?\)\s\(options: --to <file>, --limit <n>, --seed <n>/],
    ['pipe snli_1.0.zip', 2, /say which one; expected snli_1\.0\.zip#ENTRY with one of snli_1\.0\/snli_1\.0_train/],
    ['pipe vektors.txt', 1, /vektors\.txt: There is no such file/],
    ['pipe vectors.txt count', 1, /vectors\.txt:1: The sentence has no tokens\. Put tokenize before it/],
    ['pipe vectors.txt tokenize:word vocabulary:/dev/null/v.json', 1, /\/dev\/null\/v\.json: .*cannot be written/],
  ];
  for (const [args, code, message] of cases) {
    const result = await cli(t, args.split(' '), { cwd: folder });
    t.is(result.code, code, args);
    t.regex(result.stderr, message, args);
    t.notRegex(result.stderr, /\n {4}at |please report/, args);
    t.is(result.stdout, '', args);
  }
});

test('--help lists every stage with its options and an example', async (t) => {
  const { stdout, stderr, code } = await cli(t, ['pipe', '--help']);
  t.is(stderr + code, '0');
  for (const [name, { summary, example, options }] of Object.entries(catalog)) {
    const [, section] = stdout.split(`\n  ${name}: ${summary}\n`);
    t.truthy(section, name);
    const [own = ''] = section?.split('\n\n') ?? [];
    t.true(own.includes(`      millrace ${example}`), name);
    for (const [option, { help, choices }] of Object.entries(options)) {
      t.regex(own, new RegExp(`^ {6}${option}=`, 'm'));
      t.true(own.includes(help));
      for (const choice of Object.keys(choices ?? {})) t.regex(own, new RegExp(`^ {10}${choice}: `, 'm'));
    }
  }
});

test('who reads no further is no failure; a full disk is one, told in a line', async (t) => {
  const cwd = await temporaryFolder(t);
  // Far more than the buffers between two processes hold.
  await writeFile(join(cwd, 'long.txt'), 'a line of some length that comes again and again\n'.repeat(40_000));
  const head = await shell('millrace pipe long.txt tokenize:word | head -1', cwd);
  t.deepEqual({ ...head, stdout: rowsOf(head.stdout).length }, { stdout: 1, stderr: '', code: 0 });
  if (process.platform !== 'linux') return;
  const full = await shell('millrace pipe long.txt > /dev/full', cwd);
  t.is(full.code, 1);
  t.regex(full.stderr, /^millrace: the output cannot be written \(ENOSPC[^\n]*\n$/);
});
