import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { snliText } from '../stages/arbitraries.ts';
import { temporaryFolder } from '../stages/files.ts';
import { small, smallCorpus, trainedRun } from './corpus.ts';
import { cli, rowsOf } from './run-cli.ts';

interface Row {
  readonly error: { readonly origin: { readonly line: number } };
  readonly raw: { text: string };
}

const rows = Array.from({ length: 300 }, (_, n) => snliText({ pairID: `${n}`, sentence1: `Dog ${n} sleeps.` }));

/** Every tenth row is cut off, every hundredth has a label that there is not. */
const broken = rows.map((text, n) => {
  if (n % 100 === 50) return text.replace('"gold_label":"neutral"', '"gold_label":"perhaps"');
  return n % 10 === 5 ? text.slice(0, 40) : text;
});

const told = (where = '') =>
  `33 bad records left out${where}: the line is not JSON (30), the field "gold_label" is wrong (3)\n`;

test('what was set aside and mended gives exactly what was missing, from its first place', async (t) => {
  const cwd = await temporaryFolder(t);
  await writeFile(join(cwd, 'whole.jsonl'), rows.join('\n'));
  await writeFile(join(cwd, 'corpus.jsonl'), broken.join('\n'));
  const pipe = (...args: string[]) => cli(t, ['pipe', ...args], { cwd });
  const aside = await pipe('corpus.jsonl', 'parse:snli', '--on-error', 'quarantine:bad.jsonl', '--to', 'rest.jsonl');
  t.is(aside.code, 0);
  t.is(aside.stderr, told(' and written to bad.jsonl'));
  const quarantined = rowsOf<Row>(await readFile(join(cwd, 'bad.jsonl'), 'utf8'));
  t.is(quarantined.length, 33);
  for (const { raw, error } of quarantined) raw.text = rows[error.origin.line - 1] as string;
  await writeFile(join(cwd, 'bad.jsonl'), quarantined.map((row) => JSON.stringify(row)).join('\n'));
  const [mended, whole] = await Promise.all([pipe('bad.jsonl', 'requeue', 'parse:snli'), pipe('whole.jsonl', 'parse')]);
  t.is(mended.stderr, '');
  const rest = rowsOf<{ origin: { line: number } }>(await readFile(join(cwd, 'rest.jsonl'), 'utf8'));
  const together = [...rest, ...rowsOf<{ origin: { line: number } }>(mended.stdout)];
  together.sort((a, b) => a.origin.line - b.origin.line);
  const expected = rowsOf(whole.stdout.replaceAll('whole.jsonl', 'corpus.jsonl'));
  t.deepEqual(together as unknown[], expected);

  const over = await pipe('bad.jsonl', 'requeue', 'parse:snli', '--on-error', 'quarantine:./bad.jsonl');
  t.is(over.code, 2);
  t.regex(over.stderr, /The quarantine file is the one that is to be read/);
  t.is((await readFile(join(cwd, 'bad.jsonl'), 'utf8')).split('\n').length, 33, 'it was not touched');
});

test('the limit ends the run at the same place, and with the same file, whatever the number of workers', async (t) => {
  const cwd = await temporaryFolder(t);
  await writeFile(join(cwd, 'corpus.jsonl'), broken.join('\n'));
  const run = async (workers: string, limit: string) => {
    const policy = ['--on-error', `quarantine:${workers}.jsonl`, '--max-errors', limit];
    const stages = ['parse:snli', 'tokenize:parse', 'lowercase'];
    const result = await cli(t, ['pipe', 'corpus.jsonl', ...stages, '--workers', workers, ...policy], { cwd });
    const bad = await readFile(join(cwd, `${workers}.jsonl`), 'utf8');
    return { ...result, stderr: result.stderr.replaceAll(`${workers}.jsonl`, 'FILE'), bad };
  };
  for (const [limit, most, seen] of [
    ['20', 20, 186],
    ['11.5%', 17, 156],
  ] as const) {
    const [none, one, two] = await Promise.all(['0', '1', '2'].map((workers) => run(workers, limit)));
    t.is(none?.code, 1);
    t.deepEqual(one, none);
    t.deepEqual(two, none);
    const [left, error] = (none?.stderr ?? '').split('\n');
    t.true(left?.startsWith(`${most} bad records left out and written to FILE: `), left);
    t.is(
      error,
      `millrace: corpus.jsonl:${seen}: ${most + 1} of the first ${seen} records of parse are bad; expected at most ${limit}. The last of them: ${lastOf(none?.bad ?? '')}`,
    );
    t.is(rowsOf(none?.bad ?? '').length, most + 1);
    t.is(rowsOf(none?.stdout ?? '').length, seen - most - 1);
  }
});

function lastOf(bad: string): string {
  const { error } = rowsOf<{ error: { message: string } }>(bad).at(-1)!;
  return `${/: (The line is not JSON \(.*\)); expected/s.exec(error.message)?.[1]}.`;
}

test('a limit is checked before anything is read or written', async (t) => {
  const cwd = await temporaryFolder(t);
  await writeFile(join(cwd, 'bad.jsonl'), 'kept');
  const wrong = ['--on-error', 'quarantine:bad.jsonl', '--max-errors', 'many'];
  const [many, fails] = await Promise.all([
    cli(t, ['pipe', 'none.jsonl', ...wrong], { cwd }),
    cli(t, ['pipe', 'none.jsonl', '--max-errors', '3'], { cwd }),
  ]);
  t.is(many.code, 2);
  t.regex(many.stderr, /expected a whole number, such as 10, or a percentage up to 100%, such as 0\.5%, found "many"/);
  t.is(await readFile(join(cwd, 'bad.jsonl'), 'utf8'), 'kept');
  t.is(fails.code, 2);
  t.regex(fails.stderr, /expected skip or quarantine:FILE with a limit/);
});

test('what a cache was made without is told of when it is read', async (t) => {
  const cwd = await temporaryFolder(t);
  await writeFile(join(cwd, 'corpus.jsonl'), broken.join('\n'));
  const args = ['pipe', 'corpus.jsonl', 'parse:snli', 'cache:kept', '--on-error', 'skip'];
  for (let pass = 0; pass < 2; pass++) t.is((await cli(t, args, { cwd })).stderr, told());
  const limited = await cli(t, [...args, '--max-errors', '5'], { cwd });
  t.is(limited.code, 1, 'a cache made under another limit was read');
});

test('training counts a bad record once, in whatever epochs; evaluation and prediction tell of theirs', async (t) => {
  const corpus = await smallCorpus(t);
  const { folder, split } = corpus;
  const { stdout } = await cli(t, ['pipe', split('train'), 'parse:snli']);
  await writeFile(join(folder, 'pairs.jsonl'), `{"premise":\n${stdout}{"premise":"A cat sleeps."}\n`);
  const wrong = { 'the line is not JSON': 1, 'the field "hypothesis" is wrong': 1 };
  const line = 'the line is not JSON (1), the field "hypothesis" is wrong (1)';
  const sources = ['--train', 'pairs.jsonl', '--dev', 'pairs.jsonl', '--format', 'jsonl', '--engine', 'wasm', '--json'];
  const run = await trainedRun(t, corpus);
  const [skipped, aside, measured, predicted] = await Promise.all([
    cli(t, ['train', 'simple-rnn', ...sources, ...small, '--out', 'a', '--on-error', 'skip'], { cwd: folder }),
    cli(t, ['train', 'simple-rnn', ...sources, ...small, '--out', 'b', '--on-error', 'quarantine:bad.jsonl'], {
      cwd: folder,
    }),
    cli(t, ['evaluate', run, 'pairs.jsonl', '--format', 'jsonl', '--on-error', 'skip', '--json'], { cwd: folder }),
    cli(t, ['predict', run, '--on-error', 'skip'], { cwd: folder, input: '{"premise":\n' }),
  ]);
  t.true(skipped.stderr.endsWith(`\n2 bad records left out: ${line}\n`), skipped.stderr);
  t.true(aside.stderr.endsWith(`\n2 bad records left out and written to bad.jsonl: ${line}\n`), aside.stderr);
  t.is(rowsOf(await readFile(join(folder, 'bad.jsonl'), 'utf8')).length, 2);
  for (const { stdout } of [skipped, aside, measured]) t.deepEqual(JSON.parse(stdout).badRecords, wrong);
  t.is(measured.stderr, `2 bad records left out: ${line}\n`);
  t.regex(predicted.stderr, /^1 bad record left out: the line is not JSON \(1\)\n$/);
});

test('bytes that are no UTF-8 are read as U+FFFD, or told of; their lines can be mended too', async (t) => {
  const cwd = await temporaryFolder(t);
  await writeFile(join(cwd, 'notes.txt'), Buffer.from('tea\ncaf\xe9\nmilk\n', 'latin1'));
  const texts = (stdout: string) => rowsOf(stdout).map(({ text }) => text);
  const [replaced, rejected, ended] = await Promise.all([
    cli(t, ['pipe', 'notes.txt'], { cwd }),
    cli(t, ['pipe', 'notes.txt', '--invalid-bytes', 'reject', '--on-error', 'quarantine:bad.jsonl'], { cwd }),
    cli(t, ['pipe', 'notes.txt', 'lines:invalid=reject'], { cwd }),
  ]);
  t.deepEqual(texts(replaced.stdout), ['tea', 'caf\ufffd', 'milk']);
  t.deepEqual(texts(rejected.stdout), ['tea', 'milk']);
  t.is(rejected.stderr, '1 bad record left out and written to bad.jsonl: the line is not UTF-8 (1)\n');
  t.is(ended.code, 1);
  t.deepEqual(texts(ended.stdout), ['tea']);
  t.regex(ended.stderr, /^millrace: notes\.txt:2: The line is not UTF-8; expected text in UTF-8, found "byte E9 at 4"/);

  const [bad] = rowsOf<{ error: object; rawBase64: string }>(await readFile(join(cwd, 'bad.jsonl'), 'utf8'));
  const raw = Buffer.from(bad!.rawBase64, 'base64').toString('latin1');
  await writeFile(join(cwd, 'mended.jsonl'), JSON.stringify({ ...bad, raw }));
  const mended = await cli(t, ['pipe', 'mended.jsonl', 'requeue'], { cwd });
  t.deepEqual(rowsOf(mended.stdout), [{ text: 'café', origin: { source: 'notes.txt', line: 2 } }]);
});

test('a file that is no text is refused with what to do about it, whatever the policy', async (t) => {
  const cwd = await temporaryFolder(t);
  await writeFile(join(cwd, 'windows.txt'), Buffer.from('\ufeffA dog sleeps.\r\n', 'utf16le'));
  await writeFile(join(cwd, 'mac.txt'), 'A dog\rsleeps.\r');
  for (const [file, message] of [
    ['windows.txt', /^millrace: windows\.txt: The file is not UTF-8 but UTF-16, .* iconv -f UTF-16 -t UTF-8\n$/],
    ['mac.txt', /^millrace: mac\.txt: The file has no newline, but carriage returns; .* tr '\\r' '\\n'\n$/],
  ] as const) {
    const { code, stdout, stderr } = await cli(t, ['pipe', file, '--on-error', 'skip'], { cwd });
    t.is(code, 1);
    t.is(stdout, '');
    t.regex(stderr, message);
  }
});
