import test from 'ava';
import { plainTable } from '../../reports/table.ts';

test('columns align, left or right, with nothing but spaces between', (t) => {
  const table = plainTable(
    ['name', 'count', 'notes'],
    [
      ['a', '1', ''],
      ['longer', '1,234', 'some'],
    ],
    [0, 2],
  );
  t.is(table, ['name    count  notes', 'a           1', 'longer  1,234  some'].join('\n'));
});

test('no rows leave the head', (t) => {
  t.is(plainTable(['a', 'b'], [], [0]), 'a  b');
});
