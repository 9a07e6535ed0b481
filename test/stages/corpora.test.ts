import test from 'ava';
import { corpora, corpusNamed, looksLikeCorpus } from '../../stages/corpora.ts';
import { parseSourceSpec, placeOf } from '../../stages/source.ts';

test('every corpus is complete, and is written like a corpus', (t) => {
  t.true(corpora.size > 0);
  for (const [name, { base, file, sha256, entry, format }] of corpora) {
    t.regex(sha256, /^[0-9a-f]{64}$/);
    t.true(looksLikeCorpus(name), name);
    t.is(new URL(file, base).href, `${base}${file}`);
    t.true(file.endsWith('.zip'));
    t.false(entry.startsWith('/'));
    t.is(format, name.startsWith('glove:') ? 'glove' : 'snli');
  }
});

test('names lead to entries of the published archives', (t) => {
  t.is(corpusNamed('snli:dev').entry, 'snli_1.0/snli_1.0_dev.jsonl');
  t.is(corpusNamed('glove:6B.100d').entry, 'glove.6B.100d.txt');
  t.is(new Set([...corpora.values()].map(({ file, entry }) => `${file}#${entry}`)).size, corpora.size);
});

test('an unknown name lists the known ones', (t) => {
  t.throws(() => corpusNamed('snli:validation'), { message: /snli:train, snli:dev, snli:test/ });
});

test('paths and drives are not corpora', (t) => {
  for (const path of ['C:data.txt', 'c:\\data.txt', 'data.txt', 'a/b:c', './snli:train', 'http://host/x']) {
    t.false(looksLikeCorpus(path), path);
  }
});

test("the sum of a corpus is known at its publisher, and is the user's affair at a mirror", (t) => {
  const { base, file, sha256, entry } = corpusNamed('snli:dev');
  const source = parseSourceSpec('snli:dev');
  const published = { url: base + file, entry, sha256: [sha256], byEntry: true };
  t.deepEqual(placeOf(source, { mirror: base }), published);
  t.deepEqual(placeOf(source, { mirror: base.slice(0, -1), sha256: ['00'] }), published);
  const mirror = 'https://mirror.example/';
  t.deepEqual(placeOf(source, { mirror }), { url: mirror + file, entry, sha256: undefined, byEntry: true });
  t.deepEqual(placeOf(source, { mirror, sha256: ['00'] }), {
    url: mirror + file,
    entry,
    sha256: ['00'],
    byEntry: false,
  });
});
