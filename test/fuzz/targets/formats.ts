/** Every format of sentence pairs, the way back from quarantine, and schemas. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { ParseOptions } from '../../../stages/formats/format.ts';
import { parse, readLines, readPairs, readRecords, requeue } from '../../../stages/index.ts';
import { realData } from '../../real-files.ts';
import { type FuzzTarget, readAll } from '../target.ts';
import { csvOf, file, linesOf, type SnliRow, snliLines, snliRows } from './samples.ts';

const PAIRS = 4;

/** Files of a format, made from rows of SNLI. */
function format(
  name: string,
  seedsOf: (rows: readonly SnliRow[]) => readonly Buffer[] | Promise<readonly Buffer[]>,
  options?: ParseOptions,
): FuzzTarget {
  return {
    async start() {
      return {
        seeds: await seedsOf(await snliRows(PAIRS)),
        read: (path) => readAll(() => readPairs(path, { format: name, ...(options && { parse: options }) })),
      };
    },
  };
}

const json = (row: object) => JSON.stringify(row);
const text = (row: SnliRow, field: string) => String(row[field] ?? '');
const sentences = (row: SnliRow): [string, string] => [text(row, 'sentence1'), text(row, 'sentence2')];

/** MultiNLI has two more fields, and other orders of them. */
const multi = (row: SnliRow) => ({ ...row, genre: 'fiction', promptID: text(row, 'captionID') });

function tabbed(rows: readonly SnliRow[], columns: readonly string[]): Buffer {
  const cells = (row: SnliRow) => columns.map((column) => text(row, column)).join('\t');
  return file([columns.join('\t'), ...rows.map(cells)]);
}

const SNLI_COLUMNS = 'gold_label sentence1_binary_parse sentence2_binary_parse sentence1_parse sentence2_parse'.split(
  ' ',
);
const LAST_COLUMNS = 'sentence1 sentence2 captionID pairID label1 label2 label3 label4 label5'.split(' ');
const MULTI_COLUMNS = ['promptID', 'pairID', 'genre', ...SNLI_COLUMNS.slice(1), 'sentence1', 'sentence2', 'gold_label'];

const SICK_HEADER = 'pair_ID\tsentence_A\tsentence_B\trelatedness_score\tentailment_judgment';

async function sickFiles(rows: readonly SnliRow[]): Promise<Buffer[]> {
  const made = rows.map((row, i) => [i, ...sentences(row), '4.5', text(row, 'gold_label').toUpperCase()].join('\t'));
  return [
    file([SICK_HEADER, ...made.filter((line) => !line.endsWith('-'))]),
    ...(realData.sick ? [file(await linesOf(realData.sick, 12))] : []),
  ];
}

const stsbRow = (row: SnliRow, i: number) => ['main-captions', 'MSRvid', '2012', `${i}`, '2.5', ...sentences(row)];
const glueRow = (row: SnliRow, i: number) => `${i}\tg\tf\t2012\t${i}\ts1\ts2\t${sentences(row).join('\t')}\t5.000`;
const GLUE_HEADER = 'index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\tscore';

const QUORA_HEADER = ['id', 'qid1', 'qid2', 'question1', 'question2', 'is_duplicate'];
const quoraRow = (row: SnliRow, i: number) => [
  ...[`${i}`, `${2 * i}`, `${2 * i + 1}`],
  ...[`Is it "so",\nthat ${text(row, 'sentence1')}`, text(row, 'sentence2'), `${i % 2}`],
];

const withLabel = (rows: readonly SnliRow[]) => rows.filter((row) => row.gold_label !== '-');
const table = (rows: readonly SnliRow[]) =>
  withLabel(rows).map((row, i) => [
    text(row, 'gold_label'),
    `Says: "${text(row, 'sentence1')}"`,
    text(row, 'sentence2'),
    `${i}`,
  ]);
const named = (rows: readonly SnliRow[]) => [['label', 'premise', 'hypothesis', 'score'], ...table(rows)];
const BY_NUMBER = {
  premise: 2,
  hypothesis: 3,
  label: 1,
  score: 4,
  ...{ entailment: 'entailment', neutral: 'neutral' },
};

const written = (row: SnliRow, i: number) => ({
  ...{ id: text(row, 'pairID'), label: 'neutral', score: i },
  premise: { text: text(row, 'sentence1'), binaryParse: text(row, 'sentence1_binary_parse'), tokens: ['A', 'dog'] },
  hypothesis: { text: text(row, 'sentence2'), tokens: ['It'], transitions: [0], ids: [7] },
});
const mapped = (row: SnliRow) => ({ gold: { label: 'yes' }, texts: sentences(row), nr: 7, how: { near: 0.5 } });

export const formats: Readonly<Record<string, FuzzTarget>> = {
  snli: format('snli', async () => [...(await snliLines(PAIRS)).map((lines) => file(lines))]),
  multinli: format('snli', (rows) => [file(rows.map((row) => json(multi(row))))]),
  'snli-tsv': format('snli-tsv', (rows) => [tabbed(rows, [...SNLI_COLUMNS, ...LAST_COLUMNS])]),
  'multinli-tsv': format('snli-tsv', (rows) => [tabbed(rows, MULTI_COLUMNS)]),
  jsonl: format('jsonl', (rows) => [
    file(rows.map((row, i) => json(written(row, i)))),
    file(['{"premise":"a","hypothesis":"b"}']),
  ]),
  'jsonl-fields': format('jsonl', (rows) => [file(rows.map((row) => json(mapped(row))))], {
    ...{ premise: 'texts.0', hypothesis: 'texts.1', label: 'gold.label', score: 'how.near', id: 'nr' },
    ...{ entailment: 'yes', contradiction: 'no', unlabeled: '-' },
  }),
  sick: format('sick', sickFiles),
  stsb: format('stsb', (rows) => [
    file(rows.map((row, i) => stsbRow(row, i).join('\t'))),
    file([GLUE_HEADER, ...rows.map(glueRow)]),
  ]),
  quora: format('quora', (rows) => [csvOf([QUORA_HEADER, ...rows.map(quoraRow)], '\t')], { entailment: 1, neutral: 0 }),
  csv: format('csv', (rows) => [csvOf(named(rows), ',')]),
  'csv-columns': format('csv', (rows) => [csvOf(table(rows), ',')], { ...BY_NUMBER, contradiction: 'contradiction' }),
  tsv: format('tsv', (rows) => [csvOf(named(rows), '\t')]),
  'tsv-without-quotes': format('tsv', (rows) => [file(named(rows).map((cells) => cells.join('\t')))], {
    quotes: false,
  }),
  quarantine: {
    async start(folder) {
      const bad = join(folder, 'bad');
      const rows = await snliRows(PAIRS);
      // Bad in as many ways: no label that is known, no UTF-8, no JSON, no text.
      const spoilt = Buffer.concat([
        file(rows.map((row) => json({ ...row, gold_label: 'perhaps' }))),
        file(['not JSON', '{"gold_label": "neutral", "sentence1": ""}']),
        Buffer.from([0xff, 0xfe, 0x41, 0x0a]),
      ]);
      await writeFile(bad, Buffer.concat([Buffer.from('{}\n'), spoilt]));
      const into = join(folder, 'quarantine');
      const pairs = readPairs(bad, { invalid: 'reject' }).onError(`quarantine:${into}`);
      for await (const _ of pairs);
      // The folder has another name in every run, and inputs must not.
      const quarantined = (await readFile(into, 'utf8')).replaceAll(bad, 'bad.jsonl');
      const mended = quarantined.replaceAll('perhaps', 'neutral').split('\n');
      const ofRows = mended.filter((line) => line.includes('pairID'));
      return {
        seeds: [file(ofRows), Buffer.from(quarantined)],
        read: (path) => readAll(() => readLines(path).pipe(requeue).pipe(parse('snli'))),
      };
    },
  },
  schema: {
    async start() {
      return {
        seeds: [file((await snliRows(PAIRS)).map(json))],
        read: (path) => readAll(() => readRecords(path, rowSchema)),
      };
    },
  },
};

/** A validator such as users bring: of some fields, and asynchronous for some. */
const rowSchema: StandardSchemaV1<unknown, { sentence1: string }> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate(value) {
      const { sentence1, sentence2 } = Object(value);
      if (typeof sentence1 !== 'string') return { issues: [{ message: 'must be a text', path: ['sentence1'] }] };
      const result = { value: { sentence1 } };
      return sentence2 === undefined ? Promise.resolve(result) : result;
    },
  },
};
