import test from 'ava';
import { leftOutLine } from '../../reports/left-out.ts';

test('nothing is told where nothing was left out', (t) => {
  t.is(leftOutLine(new Map()), undefined);
});

test('the most frequent come first, and where they are is told', (t) => {
  const kinds = new Map([
    ['the field "id" is wrong', 1],
    ['the line is not JSON', 1200],
  ]);
  t.is(leftOutLine(kinds), '1,201 bad records left out: the line is not JSON (1,200), the field "id" is wrong (1)');
  t.is(
    leftOutLine(new Map([['it is odd', 1]]), 'bad.jsonl'),
    '1 bad record left out and written to bad.jsonl: it is odd (1)',
  );
});

test('of many kinds the rest is only counted', (t) => {
  const kinds = new Map(Array.from({ length: 14 }, (_, i) => [`kind ${i}`, 20 - i]));
  const line = leftOutLine(kinds) as string;
  t.regex(line, /^189 bad records left out: kind 0 \(20\), /);
  t.regex(line, /kind 9 \(11\), others \(34\)$/);
});
