import test from 'ava';
import { parse as parseCsv } from 'csv-parse/sync';
import fc from 'fast-check';
import { ArrayChunk, ColumnChunk, Utf8Column } from '../../../pipeline/index.ts';
import { endsOpen, quoteFinder } from '../../../stages/formats/quotes.ts';
import type { Line } from '../../../stages/records.ts';
import { quotedScraps, runs } from '../arbitraries.ts';
import { line } from '../forms.ts';

test('a quote is open at the end of a text where csv-parse says that it is not closed', (t) => {
  let open = 0;
  fc.assert(
    fc.property(quotedScraps, (text) => {
      let notClosed = false;
      try {
        parseCsv(text, { record_delimiter: '\n', relax_quotes: true, relax_column_count: true });
      } catch (error) {
        t.is((error as { code: string }).code, 'CSV_QUOTE_NOT_CLOSED');
        notClosed = true;
      }
      // As lines come: the state of one is where the next begins.
      const state = text.split('\n').reduce((wasOpen, one) => endsOpen(one, ',', wasOpen), false);
      t.is(state, notClosed, JSON.stringify(text));
      if (state) open++;
    }),
    runs(3000),
  );
  t.true(open > 500, `only ${open} were open: the law was hardly tested`);
});

test('a row has a quote where its text has one, in bytes as in texts, in whatever order it is asked', (t) => {
  fc.assert(
    fc.property(fc.array(quotedScraps, { minLength: 1 }), fc.infiniteStream(fc.nat()), (texts, order) => {
      const lines = new ArrayChunk<Line>(texts.map((text, i) => line(text, i + 1)));
      const table = new ColumnChunk<Line>({ text: Utf8Column.from(texts) });
      const [inTexts, inBytes] = [quoteFinder(lines), quoteFinder(table)];
      for (let i = 0; i < 2 * texts.length; i++) {
        const row = i < texts.length ? i : (order.next().value as number) % texts.length;
        const expected = (texts[row] as string).includes('"');
        t.deepEqual([inTexts(row), inBytes(row)], [expected, expected]);
      }
    }),
    runs(200),
  );
});
