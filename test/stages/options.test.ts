import test from 'ava';
import fc from 'fast-check';
import { MillraceError } from '../../pipeline/index.ts';
import { choice, flag, integer, integers, readOptions, text } from '../../stages/options.ts';

const options = {
  file: text('where'),
  size: integer('how many', 3),
  limit: integer('at most'),
  ends: integers('where buckets end'),
  loud: flag('whether'),
  way: choice('how', { slow: 'with care', fast: 'without' }, 'slow'),
};
const fallbacks = { size: 3, loud: false, way: 'slow' };

const read = (written: string, main?: string) => readOptions('stage', written, options, main);

test('nothing written leaves the fallbacks', (t) => {
  t.deepEqual(read(''), fallbacks);
  t.deepEqual(read('', 'file'), fallbacks);
});

test('values are read by name, in any order', (t) => {
  t.deepEqual(read('way=fast,ends=8-16-32,loud=true,limit=0,size=12,file=a=b'), {
    file: 'a=b',
    size: 12,
    limit: 0,
    ends: [8, 16, 32],
    loud: true,
    way: 'fast',
  });
});

test('the first value is the main option, named or not', (t) => {
  t.deepEqual(read('words.txt,size=4', 'file'), { ...fallbacks, file: 'words.txt', size: 4 });
  t.deepEqual(read('file=words.txt,size=4', 'file'), { ...fallbacks, file: 'words.txt', size: 4 });
  t.deepEqual(read('size=4', 'file'), { ...fallbacks, size: 4 });
});

test('any text can be a value, its commas escaped', (t) => {
  fc.assert(
    fc.property(
      fc.string().filter((value) => !value.includes('\\')),
      (value) => {
        t.is(read(`size=1,file=${value.replaceAll(',', '\\,')},loud=true`).file, value);
      },
    ),
  );
});

test('what cannot be read is refused, with what would have worked', (t) => {
  const cases: [written: string, main: string | undefined, expected: string][] = [
    ['sise=4', 'file', 'file=TEXT, size=N, limit=N, ends=N-N-..., loud=true|false, way=NAME (file= may be left out)'],
    ['4', undefined, 'file=TEXT, size=N, limit=N, ends=N-N-..., loud=true|false, way=NAME'],
    ['a,b', 'file', 'file=TEXT, size=N, limit=N, ends=N-N-..., loud=true|false, way=NAME (file= may be left out)'],
    ['size=4,', 'file', 'file=TEXT, size=N, limit=N, ends=N-N-..., loud=true|false, way=NAME (file= may be left out)'],
    ['size=-1', undefined, 'a whole number of 0 or more'],
    ['size=1.5', undefined, 'a whole number of 0 or more'],
    ['size=', undefined, 'a whole number of 0 or more'],
    ['size=9007199254740993', undefined, 'a whole number of 0 or more'],
    ['ends=8-', undefined, 'whole numbers, such as 8-16-32'],
    ['loud=yes', undefined, 'true or false'],
    ['way=quick', undefined, 'one of slow, fast'],
    ['a,file=b', 'file', 'file once'],
    // What every object has by birth is no option, and no choice.
    ['constructor=1', undefined, 'file=TEXT, size=N, limit=N, ends=N-N-..., loud=true|false, way=NAME'],
    ['way=toString', undefined, 'one of slow, fast'],
    ['loud=constructor', undefined, 'true or false'],
  ];
  for (const [written, main, expected] of cases) {
    const error = t.throws(() => read(written, main), { instanceOf: MillraceError }, written);
    t.is(error?.code, 'MILLRACE_USAGE');
    t.is(error?.expected, expected, written);
    t.regex(error?.message ?? '', /^stage /);
  }
  t.is(t.throws(() => readOptions('lines', 'x', {}), { instanceOf: MillraceError })?.expected, 'no options');
});
