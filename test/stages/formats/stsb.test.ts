import test from 'ava';
import { parse } from '../../../stages/parse.ts';
import { assertForms, errorOf, linesOf, origin } from '../forms.ts';

const stsb = parse('stsb');

const OWN = 'main-captions\tMSRvid\t2012test\t0001\t5.000\tA "plane is taking off.\tAn air plane is taking off.';
const GLUE_HEADER = 'index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\tscore';
const GLUE =
  '0\tmain-captions\tMSRvid\t2012test\t0001\tnone\tnone\tA "plane is taking off.\tAn air plane is taking off.\t5.000';

const pair = {
  id: 'main-captions/MSRvid/2012test/0001',
  score: 5,
  premise: { text: 'A "plane is taking off.' },
  hypothesis: { text: 'An air plane is taking off.' },
};

test("the benchmark's own files and GLUE's give the same pairs", async (t) => {
  const own = await assertForms(t, `${OWN}\n${OWN}\thttp://source\n`, [stsb], [17]);
  t.deepEqual(
    own.records.map((json) => JSON.parse(json)),
    [1, 2].map((line) => ({ ...pair, origin: { ...origin, line } })),
  );
  t.deepEqual(own.dropped.parse, {});
  const glue = await assertForms(t, `${GLUE_HEADER}\n${GLUE}\n`, [stsb], [17]);
  t.deepEqual(
    glue.records.map((json) => JSON.parse(json)),
    [{ ...pair, origin: { ...origin, line: 2 } }],
  );
  t.deepEqual(glue.dropped.parse, { header: 1 });
});

test("GLUE's test split has no scores", async (t) => {
  const without = (row: string) => row.split('\t').slice(0, -1).join('\t');
  const { records } = await assertForms(t, `${without(GLUE_HEADER)}\n${without(GLUE)}`, [stsb]);
  t.false('score' in JSON.parse(records[0] as string));
});

test('a score is from 0 to 5, and of fewer cells the number is told', async (t) => {
  for (const score of ['5.1', '-1', 'x', '0x3', '1,5', 'NaN', ' 3']) {
    const error = await errorOf(t, linesOf(OWN.replace('5.000', score)).pipe(stsb));
    t.deepEqual([error.expected, error.found], ['a number from 0 to 5', score]);
  }
  for (const score of ['0', '5', '.5', '3.', '4.25e0']) {
    const { records } = await assertForms(t, OWN.replace('5.000', score), [stsb]);
    t.is(JSON.parse(records[0] as string).score, Number(score));
  }
  const error = await errorOf(t, linesOf(OWN.slice(0, OWN.lastIndexOf('\t'))).pipe(stsb));
  t.regex(error.message, /The row has 6 cells; expected 7 cells or more/);
});
