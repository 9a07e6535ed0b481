/**
 * Whatever the bytes: records, or errors of our own that name their line; and the same ones however the bytes are cut.
 * By hand for longer: `MILLRACE_FUZZ=10000 npx ava test/stages/formats/robust.test.ts --timeout=2h`.
 */
import test from 'ava';
import fc from 'fast-check';
import { parse } from '../../../stages/parse.ts';
import { blockSizes, runs, snliText } from '../arbitraries.ts';
import { assertForms } from '../forms.ts';

const SNLI_TSV = 'gold_label\tsentence1\tsentence2\tlabel1\nneutral\tA "dog\tIt\tneutral\n-\ta\tb\t\n';
const CSV = 'label,premise,hypothesis,score,id\nneutral,"A ""dog""\nsleeps, now",It,2.5,1\nentailment,a,b,,\n';

/** Changed files to a format; half as many random ones. */
const INPUTS = Number(process.env.MILLRACE_FUZZ ?? 50);

/** Options of each format, and a good file of it. */
const GOOD: Readonly<Record<string, readonly [format: string, file: string, options?: object]>> = {
  snli: ['snli', `${snliText()}\n${snliText({ gold_label: '-' })}\n${snliText({ sentence1: 'é"\u2028' })}\n`],
  'snli-tsv': ['snli-tsv', SNLI_TSV],
  jsonl: ['jsonl', '{"premise":"a","hypothesis":{"text":"b","tokens":["b"]},"score":1,"id":"x"}\n{"premise":"a"}\n'],
  'jsonl, mapped': [
    'jsonl',
    '{"a":{"b":["x"]},"c":"y","d":0}\n{"a":{"b":["z"]},"c":"y","d":1}\n',
    { premise: 'a.b.0', hypothesis: 'c', label: 'd', entailment: 0, neutral: 1 },
  ],
  sick: ['sick', 'pair_ID\tsentence_A\tsentence_B\trelatedness_score\tentailment_judgment\n4\ta\tb\t3.5\tNEUTRAL\n'],
  stsb: ['stsb', 'news\tMSRvid\t2012\t0001\t5.000\ta "b\tc\nnews\tMSRvid\t2012\t0002\t0.25\ta\tb\n'],
  quora: [
    'quora',
    'id\tquestion1\tquestion2\tis_duplicate\n0\t"a ""b""\n?"\tc\t1\n1\td\te\t0\n',
    { neutral: 0, entailment: 1 },
  ],
  csv: ['csv', CSV],
  'csv, by number': ['csv', CSV, { premise: 2, hypothesis: 3, label: 1, header: true }],
  'csv, without quotes': ['csv', CSV, { premise: 2, hypothesis: 3, label: 1, header: true, quotes: false }],
  tsv: ['tsv', CSV.replaceAll(',', '\t')],
};

/** A change to bytes somewhere: one replaced, some left out, some put in, some said again. */
const change = fc.record({
  at: fc.nat(),
  length: fc.integer({ min: 0, max: 12 }),
  insert: fc.oneof(
    fc.uint8Array({ maxLength: 3 }),
    fc
      .constantFrom('"', '""', '\n', '\r', '\t', ',', '{', '\\', '\u0000', '\ufeff', '\ud800')
      .map((text) => Buffer.from(text)),
  ),
  again: fc.boolean(),
});

type Change = typeof change extends fc.Arbitrary<infer C> ? C : never;

function mutate(file: Buffer, changes: readonly Change[]): Buffer {
  return changes.reduce((bytes, { at, length, insert, again }) => {
    const place = at % (bytes.length + 1);
    const end = place + length;
    const middle = again ? [bytes.subarray(place, end), bytes.subarray(place, end)] : [];
    return Buffer.concat([bytes.subarray(0, place), ...middle, insert, bytes.subarray(end)]);
  }, file);
}

for (const [name, [format, file, options]] of Object.entries(GOOD)) {
  test(`${name}: changed files give records or our own errors`, async (t) => {
    const good = Buffer.from(file.repeat(2));
    let records = 0;
    let errors = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 4 }), blockSizes, async (changes, sizes) => {
        // An error that is not ours is thrown here.
        const outcome = await assertForms(t, mutate(good, changes), [parse(format, options)], sizes);
        records += outcome.records.length;
        errors += outcome.rejected.length + (outcome.failure === undefined ? 0 : 1);
        for (const json of outcome.rejected) t.true(JSON.parse(json).error.origin.line > 0);
      }),
      runs(INPUTS),
    );
    t.true(records > 25 && errors > 10, `${records} records, ${errors} errors`);
  });

  test(`${name}: random bytes give records or our own errors`, async (t) => {
    const text = fc.string({
      unit: fc.constantFrom('"', ',', '\t', '\n', '{', '}', '[', ':', '1', 'a', '\\', '\u{1f600}'),
    });
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 200 }), text);
    const [header = ''] = file.split('\n');
    await fc.assert(
      fc.asyncProperty(bytes, fc.boolean(), blockSizes, async (content, under, sizes) => {
        const random = Buffer.concat([Buffer.from(under ? `${header}\n` : ''), Buffer.from(content as string)]);
        await assertForms(t, random, [parse(format, options)], sizes);
      }),
      runs(INPUTS / 2),
    );
    t.pass();
  });
}
