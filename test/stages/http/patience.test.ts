import test from 'ava';
import { patienceOf, pauseAfter } from '../../../stages/http/patience.ts';

const patience = patienceOf({ pauseMs: 100, longestPauseMs: 5000 });

test('pauses double, up to the longest', (t) => {
  const pauses = [1, 2, 3, 4, 5, 6, 7, 8].map((failures) => pauseAfter(failures, undefined, patience));
  t.deepEqual(pauses, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
});

test('a server may ask for a pause in seconds or by a date, up to the longest', (t) => {
  t.is(pauseAfter(1, '3', patience), 3000);
  t.is(pauseAfter(4, '0', patience), 0);
  t.is(pauseAfter(1, '86400', patience), 5000);
  const soon = pauseAfter(1, new Date(Date.now() + 3000).toUTCString(), patience);
  // A date has whole seconds.
  t.true(soon > 1000 && soon <= 3000, `${soon}`);
  t.is(pauseAfter(1, new Date(Date.now() + 1e9).toUTCString(), patience), 5000);
  t.is(pauseAfter(1, new Date(0).toUTCString(), patience), 0);
  t.is(pauseAfter(2, 'presently', patience), 200);
});
