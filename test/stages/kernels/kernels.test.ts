import test from 'ava';
import { Utf8Column } from '../../../pipeline/columns.ts';
import { Kernels } from '../../../stages/kernels/kernels.ts';
import { copyTexts } from '../../../stages/kernels/texts.ts';

test('text is copied in once for all columns that lie in it, and anew for any other', (t) => {
  const kernels = new Kernels();
  const data = Buffer.from('a text and another');
  const base = kernels.placeText(data, 0, data.length);
  t.is(kernels.placeText(data, 2, 6), base, 'a part of what is there');
  t.is(Buffer.from(kernels.memory).toString('utf8', base + 2, base + 6), 'text');
  const other = kernels.placeText(Buffer.from('other'), 0, 5);
  t.is(Buffer.from(kernels.memory).toString('utf8', other, other + 5), 'other');
  const again = kernels.placeText(data, 11, 18);
  t.is(Buffer.from(kernels.memory).toString('utf8', again + 11, again + 18), 'another');
});

test('memory grows with what is placed in it', (t) => {
  for (const length of [1, 100, 100_000, 10_000_000, 5]) {
    const texts = Utf8Column.from(['x'.repeat(length), undefined, 'y']);
    const copied = copyTexts(texts);
    t.is(copied.get(0), 'x'.repeat(length));
    t.is(copied.get(1), undefined);
    t.is(copied.get(2), 'y');
  }
});
