import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { Pipeline, toPlain } from '../../pipeline/index.ts';
import { lowercase, parse, readLines, requeue, type SentencePair, tokenize, transitions } from '../../stages/index.ts';
import { runs, snliText } from './arbitraries.ts';
import { temporaryFolder } from './files.ts';
import { errorOf, line, origin } from './forms.ts';

const row = (error: unknown, rest: object) => line(JSON.stringify({ error, ...rest }), 7);
const bad = { code: 'MILLRACE_BAD_RECORD', message: 'x', origin: { source: 'a.zip', entry: 'e', line: 3 } };

const requeued = async (...rows: ReturnType<typeof row>[]) =>
  (await Pipeline.from(rows).pipe(requeue).toArray()).map(toPlain);

test('what was mended comes back, and nothing else, from where it was', async (t) => {
  const folder = await temporaryFolder(t);
  const [corpus, quarantine] = [join(folder, 'corpus.jsonl'), join(folder, 'bad.jsonl')];
  const good = Array.from({ length: 40 }, (_, n) => snliText({ pairID: `${n}`, sentence1: `Dog ${n} sleeps.` }));
  const broken = good.map((text, n) => {
    if (n % 5 === 1) return text.slice(0, -7);
    return n % 5 === 3 ? text.replace('"neutral"', '"neutrl"').replace('gold_label":"neutral', 'gold_label":"x') : text;
  });
  await writeFile(corpus, good.join('\n'));
  const whole = (await readLines(corpus).pipe(parse('snli')).toArray()).map(toPlain);
  await writeFile(corpus, broken.join('\n'));
  const rest = await readLines(corpus).pipe(parse('snli')).onError(`quarantine:${quarantine}`).toArray();
  t.is(rest.length, 24);

  const rows = (await readFile(quarantine, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text));
  t.is(rows.length, 16);
  for (const { raw, error } of rows) raw.text = good[error.origin.line - 1];
  await writeFile(quarantine, rows.map((one) => JSON.stringify(one)).join('\n'));
  const mended = await readLines(quarantine).pipe(requeue).pipe(parse('snli')).toArray();
  const byLine = (a: unknown, b: unknown) => (a as SentencePair).origin.line! - (b as SentencePair).origin.line!;
  t.deepEqual([...rest.map(toPlain), ...mended.map(toPlain)].sort(byLine), whole);
});

test('what is still broken is told of by its first place', async (t) => {
  const error = await errorOf(t, Pipeline.from([row(bad, { raw: { text: '{' } })]).pipe(requeue, parse('snli')));
  t.deepEqual(error.origin, bad.origin);
});

test('a record that a later stage rejected comes back as JSON', async (t) => {
  const folder = await temporaryFolder(t);
  const quarantine = join(folder, 'bad.jsonl');
  const tree = { sentence1_binary_parse: '( ( A dog ) sleeps' };
  const lines = [line(snliText(), 1), line(snliText(tree), 2)];
  const chain = (pipeline: Pipeline<SentencePair>) =>
    pipeline.pipe(tokenize<SentencePair>('whitespace'), lowercase()).pipe(transitions());
  const left = await chain(Pipeline.from(lines).pipe(parse('snli')))
    .onError(`quarantine:${quarantine}`)
    .toArray();
  t.is(left.length, 1);
  const text = await readFile(quarantine, 'utf8');
  await writeFile(quarantine, text.replaceAll('( ( A dog ) sleeps', '( ( a dog ) sleeps. )'));
  const mended = readLines(quarantine).pipe(requeue, parse('jsonl'), transitions());
  const [pair] = (await mended.toArray()).map(toPlain) as [SentencePair];
  t.deepEqual(pair.origin, { ...origin, line: 2 });
  t.deepEqual(pair.premise.tokens, ['a', 'dog', 'sleeps.']);
  t.deepEqual(pair.premise.transitions, [0, 0, 1, 0, 1]);
});

test('texts, lines and places', async (t) => {
  t.deepEqual(await requeued(row(bad, { raw: 'text' })), [{ text: 'text', origin: bad.origin }]);
  t.deepEqual(await requeued(row(bad, { raw: '' })), [{ text: '', origin: bad.origin }]);
  t.deepEqual(await requeued(row(bad, { raw: 'new', rawBase64: '/w==' })), [{ text: 'new', origin: bad.origin }]);
  t.deepEqual(await requeued(row({}, { raw: 'text' })), [{ text: 'text', origin: { ...origin, line: 7 } }]);
  t.deepEqual(await requeued(line(' ')), []);
});

test('what no quarantine has written is a bad record', async (t) => {
  const wrong = [line('{'), line('[]'), line('{}'), row(bad, {}), row(null, { raw: 'x' }), row([], { raw: 'x' })];
  wrong.push(row(bad, { raw: 7 }), row(bad, { raw: null }), row(bad, { raw: { text: 7 } }), row(bad, { raw: [] }));
  for (const one of wrong) {
    const error = await errorOf(t, Pipeline.from([one]).pipe(requeue));
    t.is(error.code, 'MILLRACE_BAD_RECORD', one.text);
    t.deepEqual(error.origin, one.origin);
  }
  const bytes = await errorOf(t, Pipeline.from([row(bad, { rawBase64: '/w==' })]).pipe(requeue));
  t.regex(bytes.message, /not UTF-8 yet; expected "raw" with the text/);
});

test('whatever the line, what comes is a line or a bad record', async (t) => {
  const json = fc.json({ maxDepth: 3 });
  const likely = fc.record(
    { error: fc.oneof(fc.constant(bad), fc.jsonValue()), raw: fc.jsonValue(), rawBase64: fc.jsonValue() },
    { requiredKeys: [] },
  );
  const any = fc.oneof(
    fc.string({ unit: 'binary' }),
    json,
    likely.map((value) => JSON.stringify(value)),
  );
  await fc.assert(
    fc.asyncProperty(any, async (text) => {
      const lines = await Pipeline.from([line(text)])
        .pipe(requeue)
        .onError('skip')
        .toArray();
      for (const one of lines) t.true(typeof one.text === 'string' && typeof one.origin.source === 'string');
    }),
    runs(500),
  );
});
