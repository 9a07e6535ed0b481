import { readFile } from 'node:fs/promises';
import { inspect } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { Utf8Column } from '../../../pipeline/index.ts';
import { leaves, unescapeToken } from '../../../stages/binary-parse.ts';
import { readPairs } from '../../../stages/read.ts';
import { naturalTreebank } from '../../../stages/tokenizers/natural.ts';
import { treebank, treebankColumn } from '../../../stages/tokenizers/treebank.ts';
import { testOnReal } from '../../real-data.ts';
import { runs, word } from '../arbitraries.ts';

/** Each difference from natural's tokenizer: the text, our tokens, and natural's. */
const differences: Readonly<Record<string, readonly (readonly [text: string, ours: string, natural: string])[]>> = {
  'a period ends its sentence also before a closing quotation mark or bracket, and within the text': [
    ['It says "Stop."', 'It says " Stop . "', 'It says " Stop. "'],
    ['(He left.)', '( He left . )', '( He left. )'],
    ['They jump. One falls.', 'They jump . One falls .', 'They jump. One falls .'],
    ['The end.\tNext', 'The end . Next', 'The end. Next'],
    ['On his way..', 'On his way . .', 'On his way. .'],
  ],
  'the period of an abbreviation stays with it': [
    ['She watches t.v.', 'She watches t.v.', 'She watches t.v .'],
    ['Off to the dr.', 'Off to the dr.', 'Off to the dr .'],
    ['"Made in the U.S.A."', '" Made in the U.S.A. "', '" Made in the U.S.A. "'],
    ['Mr. J. Smith met Dr. No.', 'Mr. J. Smith met Dr. No .', 'Mr. J. Smith met Dr. No .'],
    ['Plan B. it is. Vitamin C.', 'Plan B . it is . Vitamin C .', 'Plan B. it is. Vitamin C .'],
  ],
  'three periods or more are an ellipsis, two hyphens or more a dash': [
    ['Well...', 'Well ...', 'Well.. .'],
    ['wait...what', 'wait ... what', 'wait...what'],
    ['now--or never', 'now -- or never', 'now--or never'],
  ],
  'a comma is a token but between digits, and a colon is none between digits': [
    ['She waits,', 'She waits ,', 'She waits,'],
    ['cats,dogs and 1,000 birds', 'cats , dogs and 1,000 birds', 'cats,dogs and 1,000 birds'],
    ['At 10:30: lunch', 'At 10:30 : lunch', 'At 10 : 30 : lunch'],
  ],
  'an apostrophe, hyphen or ampersand that ends a word is a token': [
    ["It says ' wasted'.", "It says ' wasted ' .", "It says ' wasted' ."],
    ["the dogs'", "the dogs '", "the dogs'"],
    ['a cat& a sidewalk- and R&B', 'a cat & a sidewalk - and R&B', 'a cat& a sidewalk- and R&B'],
  ],
  'several contractions of a word all come apart': [
    ["I'd've", "I 'd 've", "I 'd've"],
    ["couldn't've", "could n't 've", "could n't've"],
  ],
  "whaddya and more'n, which natural misspells": [
    ["Whaddya want, more'n this?", "Wha dd ya want , more 'n this ?", "Whaddya want , more'n this ?"],
  ],
  'letters, marks and digits of any script make words; any other character is one token': [
    ['Zoë’s café—naïve', 'Zoë ’s café — naïve', 'Zo ë ’ s caf é — na ï ve'],
    ['Ça va? «Öl», 日本', 'Ça va ? « Öl » , 日本', 'Ç a va ? « Ö l » , 日 本'],
    ['it’s don’t’ve', 'it ’s do n’t ’ve', 'it ’ s don ’ t ’ ve'],
    ['a 👍🏽b 👩‍🚀!', 'a 👍🏽 b 👩‍🚀 !', 'a \ud83d \udc4d \ud83c \udffd b \ud83d \udc69 ‍ \ud83d \ude80 !'],
    ['e\u0301te\u0301 x\u00a0y', 'e\u0301te\u0301 x y', 'e \u0301 te \u0301 x y'],
    ["it'sé", "it'sé", "it 's é"],
  ],
};
for (const [difference, examples] of Object.entries(differences)) {
  test(`unlike natural: ${difference}`, (t) => {
    for (const [text, ours, natural] of examples) {
      t.is(treebank(text).join(' '), ours, inspect(text));
      t.is(naturalTreebank(text).join(' '), natural, `natural on ${inspect(text)}`);
      assertColumn(t, [text]);
    }
  });
}

const alike: readonly (readonly [text: string, tokens: string])[] = [
  ["He can't eat, drink.", "He ca n't eat , drink ."],
  ["They'll say I'M Joe's, you're Ann's.", "They 'll say I 'M Joe 's , you 're Ann 's ."],
  ["I cannot; gimme what you're gonna, lemme, wanna", "I can not ; gim me what you 're gon na , lem me , wan na"],
  ["'Tis twas d'ye mor'n Whatcha GOTTA", "'T is t was d 'ye mor 'n Wha t cha GOT TA"],
  ["the '80s, 'quoted rock'n'roll BMX'er n't", "the '80s , 'quoted rock'n'roll BMX'er n't"],
  ['he/she c++ -5 -LRB- -- <unk> AT&T a_b', 'he/she c++ -5 -LRB- -- <unk> AT&T a_b'],
  ['"Hi!" (50%) #3 $5 @x {y} [z] a;b', '" Hi ! " ( 50 % ) # 3 $ 5 @ x { y } [ z ] a ; b'],
  ['a 3.5 www.a.com .5', 'a 3.5 www.a.com .5'],
  ['\t two \n  lines.\n', 'two lines .'],
  [' ', ''],
];
for (const [text, tokens] of alike) {
  test(`as natural cuts ${inspect(text)}`, (t) => {
    t.is(treebank(text).join(' '), tokens);
    t.is(naturalTreebank(text).join(' '), tokens);
    assertColumn(t, [text]);
  });
}

const LETTER = '[A-Za-z]';
const TITLE = /(?<!\w)(capt|dr|ft|gov|jr|lt|mr|mrs|ms|mt|prof|rt|sgt|sr|st|vs)\.$/i;

/**
 * The oracle for ASCII text: what natural makes of it, cut further where the differences say so. Stand-ins that natural
 * leaves alone keep it from cutting at periods (`>`, for an initial's `+`) and between digits (`<`).
 */
function expected(text: string): string[] {
  const guarded = text
    .replace(/(?<!\w)[A-Z]\.(?= [A-Z])/g, (initial) => `${initial[0]}+`)
    .replaceAll('.', '>')
    .replace(/(?<=\d):(?=\d)/g, '<');
  return naturalTreebank(contracted(guarded))
    .flatMap((token) => token.split(/(?<!\d)(,)|(,)(?!\d)/).filter(Boolean))
    .flatMap((token) => shed(token.replaceAll('>', '.').replaceAll('<', ':')))
    .map((token) => token.replaceAll('+', '.'));
}

/** natural leaves a contraction that follows another, and misspells two. */
function contracted(text: string): string {
  const apart = text.replace(/(?<=\S)(n't|'(?:ll|re|ve|s|m|d))\b/gi, ' $1');
  if (apart !== text) return contracted(apart);
  return text.replace(/\b(wha)(dd)(ya)\b/gi, '$1 $2 $3').replace(/\b(more)('n)\b/gi, '$1 $2');
}

function shed(token: string): string[] {
  const isWhole = TITLE.test(token) || new RegExp(`(?<!\\w)(${LETTER}\\.){2,}$`).test(token);
  const isBracket = /^-[LR][RSC]B-$/.test(token);
  const [mark] = /(\.{3,}|-+|['&.])$/.exec(token) ?? [];
  if (mark === undefined || (isWhole && mark === '.') || isBracket)
    return token.split(/(\.{3,}|-{2,})/).filter(Boolean);
  return [...shed(token.slice(0, -mark.length)), mark].filter(Boolean);
}

const fragment = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(' ', ' ', '\n', '. ', ', ', '.', ',', "'", '-', '&', '/', ':') },
  { weight: 2, arbitrary: fc.constantFrom("n't", "'s", "'ll", "'D", "'re", "'ve", "'m", "'ye", "'n", '...', '--') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('cannot', 'Gonna', 'tis', 'whatcha', 'whaddya', 'more', 'mor', 'd', 'wanna'),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom('Dr.', 'st', 'U.S.', 't.v', 'J. Smith', '-LRB-', '1', '20', '_', '"', ')', '(!'),
  },
  { weight: 3, arbitrary: fc.stringMatching(/^[a-zA-Z]{1,5}$/) },
  fc.string({ unit: fc.constantFrom(...'acdmnstvAZ019_ .,:;\'"&/-()[]{}?!@#$%^*=|\\~`\t\n\0'), maxLength: 5 }),
);
const asciiText = fc.array(fragment, { maxLength: 14 }).map((fragments) => fragments.join(''));

test('any ASCII text is cut as by natural, but for the differences', (t) => {
  let same = 0;
  fc.assert(
    fc.property(asciiText, (text) => {
      const tokens = treebank(text);
      t.deepEqual(tokens, expected(text), inspect(text));
      if (tokens.join(' ') === naturalTreebank(text).join(' ')) same++;
    }),
    runs(30_000),
  );
  t.true(same > 3000, `only ${same} texts were cut as natural does: the law was hardly tested`);
});

const anyText = fc
  .array(fc.oneof(fragment, word, fc.constantFrom('’', '’s', 'n’t', '\u200d', '\u0301', '٣', '\u3000', '👍🏽')), {
    maxLength: 12,
  })
  .map((parts) => parts.join(''));

test('tokens are runs of the text, in order, and nothing but white space lies between them', (t) => {
  fc.assert(
    fc.property(fc.oneof(anyText, fc.string({ unit: 'binary' })), (text) => {
      let at = 0;
      for (const token of treebank(text)) {
        const start = text.indexOf(token, at);
        t.regex(text.slice(at, start), /^\s*$/);
        t.regex(token, /^\S+$/);
        at = start + token.length;
      }
      t.regex(text.slice(at), /^\s*$/);
    }),
    runs(3000),
  );
});

test('columns are cut as texts are', (t) => {
  fc.assert(
    fc.property(fc.array(fc.oneof(anyText, fc.string({ unit: 'grapheme' })), { maxLength: 6 }), (texts) => {
      assertColumn(t, texts);
    }),
    runs(3000),
  );
});

test('columns of texts that are missing or no UTF-8 are declined', (t) => {
  t.is(treebankColumn(Utf8Column.from(['a', undefined])), undefined);
  const bytes = Buffer.from([0x61, 0x20, 0xe9, 0x20]);
  t.is(treebankColumn(new Utf8Column(bytes, Int32Array.of(0), Int32Array.of(4))), undefined);
  t.deepEqual(treebankColumn(new Utf8Column(bytes, Int32Array.of(0), Int32Array.of(2)))?.get(0), ['a']);
});

test('a text of millions of marks takes no longer than another', (t) => {
  for (const unit of [".'", "'s", 'a.', '-', '.', "'", 'x-.', '’', '\u0301', 'a.b.', "n't"]) {
    const text = unit.repeat(300_000);
    t.is(treebank(text).join(''), text);
  }
});

function assertColumn(t: { deepEqual(a: unknown, b: unknown): unknown }, texts: readonly string[]): void {
  const wellFormed = texts.map((text) => Buffer.from(text).toString());
  const column = treebankColumn(Utf8Column.from(wellFormed));
  t.deepEqual(
    wellFormed.map((_, row) => column?.get(row)),
    wellFormed.map(treebank),
  );
}

testOnReal('snli', 'wherever natural cuts a real sentence as its parse does, so do we', async (t, path) => {
  const figures = { sentences: 0, natural: 0, ours: 0, differ: 0 };
  const seen = new Set<string>();
  for await (const { premise, hypothesis } of readPairs(`${path}#snli_1.0/snli_1.0_dev.jsonl`)) {
    for (const { text, binaryParse = '' } of [premise, hypothesis]) {
      if (seen.has(text)) continue;
      seen.add(text);
      const truth = leaves(binaryParse).map(unescapeToken).join(' ');
      const natural = naturalTreebank(text).join(' ');
      const ours = treebank(text).join(' ');
      figures.sentences++;
      if (natural === truth) figures.natural++;
      if (ours === truth) figures.ours++;
      if (ours !== natural) {
        figures.differ++;
        t.is(ours, truth, text);
      }
    }
  }
  t.log(JSON.stringify(figures));
  t.true(figures.ours / figures.sentences > 0.999);
});

test('the differences are as the documentation lists them', async (t) => {
  const page = await readFile(new URL('../../../docs/stages.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| [^|]+ \| `([^|]+)` \| `([^|]+)` \| `([^|]+)` \|$/gm)];
  t.is(rows.length, Object.keys(differences).length);
  for (const [, text = '', ours = '', natural = ''] of rows) {
    t.is(treebank(text).join(' '), ours);
    t.is(naturalTreebank(text).join(' '), natural);
  }
});
