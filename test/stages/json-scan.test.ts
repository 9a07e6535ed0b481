import test from 'ava';
import fc from 'fast-check';
import { Utf8Column } from '../../pipeline/columns.ts';
import { scanObjects } from '../../stages/json-scan.ts';
import { runs, snliText } from './arbitraries.ts';

const NAMES = ['a', 'aa', 'sentence1', 'é'];

/** The values of the wanted keys, or `undefined` where the scan declines. */
function scan(json: string | Uint8Array, { before = '', after = '' } = {}): (string | undefined)[] | undefined {
  const bytes = Buffer.concat([Buffer.from(before), Buffer.from(json), Buffer.from(after)]);
  const start = Buffer.byteLength(before);
  const end = bytes.length - Buffer.byteLength(after);
  // All three rows are placed, so that the one in the middle has neighbours.
  const column = new Utf8Column(bytes, Int32Array.of(0, start, end), Int32Array.of(start, end, bytes.length));
  const { starts, ends, understood } = scanObjects(column, NAMES);
  if (!understood[1]) return undefined;
  return NAMES.map((_, k) => {
    const [from, to] = [starts[k]?.[1] as number, ends[k]?.[1] as number];
    return from < 0 ? undefined : bytes.toString('utf8', from, to);
  });
}

/** What `JSON.parse` says; `undefined` where it says no, or something else than a text or nothing. */
function parse(json: Uint8Array): (string | undefined)[] | undefined {
  try {
    const value = JSON.parse(Buffer.from(json).toString());
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const values = NAMES.map((name) => (Object.hasOwn(value, name) ? value[name] : undefined));
    return values.every((one) => one === undefined || typeof one === 'string') ? values : undefined;
  } catch {
    return undefined;
  }
}

const space = fc.oneof({ weight: 30, arbitrary: fc.stringMatching(/^ {0,2}$/) }, fc.constantFrom('\t', '\r', '\n'));
const wildString = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom('"', '\\', 'a"b', '\n', '\u2028', '\ud800', '{"a":"b"}', ']', ','),
);
const wildKey = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...NAMES, 'b', '', '__proto__') }, wildString);
const flat = fc.oneof(wildString, fc.array(fc.stringMatching(/^[a-z]{0,3}$/), { maxLength: 3 }));
const wildValue = fc.oneof({ weight: 5, arbitrary: flat }, fc.jsonValue({ maxDepth: 2 }));

/** An object as JSON, its white space odd, its keys perhaps equal, its first letters perhaps escaped. */
const objectJson = fc
  .array(fc.tuple(wildKey, wildValue, space, space, fc.boolean()), { maxLength: 6 })
  .map((members) => {
    const written = members.map(([name, value, left, right, escaped]) => {
      const quoted = JSON.stringify(name);
      const keyJson = escaped && /^"[a-z]/.test(quoted) ? quoted.replace(/[a-z]/, unicodeEscape) : quoted;
      return `${left}${keyJson}${right}:${left}${JSON.stringify(value, null, right.length)}${right}`;
    });
    return `{${written.join(',')}}`;
  });

function unicodeEscape(letter: string): string {
  return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function assertAgrees(t: { deepEqual(a: unknown, b: unknown, message: string): unknown }, json: Uint8Array): void {
  const answer = scan(json);
  if (answer) t.deepEqual(answer, parse(json), Buffer.from(json).toString());
}

/** A row with so many strings and a key. */
function manyStrings(count: number): string {
  return JSON.stringify({ b: Array.from({ length: count }, () => '') });
}

test('finds the wanted keys of a row, and nothing of the others', (t) => {
  t.deepEqual(scan('{"a":"x","b":"y","sentence1":"Zoë","list":["p","q"],"é":""}'), ['x', undefined, 'Zoë', '']);
  t.deepEqual(scan('{}'), [undefined, undefined, undefined, undefined]);
  t.deepEqual(scan(' { "a" : "1" , "a" :  "2" , "l" : [ ] } '), ['2', undefined, undefined, undefined]);
  t.truthy(scan(snliText()), 'a row of SNLI is what the scan is for');
});

test('declines what only a parser understands', (t) => {
  const hard = [
    ['', ' ', '[]', 'null', '"a"', '{', '{"a"', '{"a":', '{"a":"x"', '{"a":"x",', '{"a":"x"}}', '{"a":"x"} x'],
    ['{"a":1}', '{"b":1}', '{"a":null}', '{"a":["x"]}', '{"a":{}}', '{"b":{"a":"x"}}', '{"b":[["x"]]}', '{"b":[1]}'],
    ['{"a":"\\u0061"}', '{"\\u0061":"x"}', '{"b":"\\n"}', '{"a":"\t"}', '{"a":"x",}', '{"b":["x",]}', '{"b":[,"x"]}'],
    ['{\t"a":"x"}', '{"a":\r"x"}', '{"a":"x"\n}', manyStrings(512)],
    ['{"a" "x"}', '{"a":"x" "b":"y"}', "{'a':'x'}", '{a:"x"}', '\ufeff{"a":"x"}', '{,}', '{"b":["x" "y"]}', '{"b":['],
  ];
  for (const json of hard.flat()) t.is(scan(json), undefined, json);
});

test('as many quotes as there is room for, at any place in the row', (t) => {
  for (const strings of [0, 1, 100, 510]) t.truthy(scan(manyStrings(strings)), `${strings} strings`);
  for (let before = 0; before < 130; before++) {
    const value = 'v'.repeat(before);
    t.deepEqual(scan(`{"b":"${value}", "a": "${value}"}`)?.[0], value);
    t.is(scan(`{"b":"${value}", "a": "x\\n${value}"}`), undefined);
  }
});

test('looks neither before its start nor past its end', (t) => {
  for (const json of ['{"a":"x"}', '{}', '{"a":"x', '{"a":', '{"b":["x"', '{', '']) {
    for (const after of ['}', '"}', '{}', '"x"}', ']}', '\n{"a":"y"}']) {
      t.deepEqual(scan(json, { before: '{"a":"w"}\n', after }), scan(json), `${json} before ${after}`);
    }
  }
});

test('answers as JSON.parse does, or not at all: any object', (t) => {
  let answered = 0;
  fc.assert(
    fc.property(objectJson, (json) => {
      assertAgrees(t, Buffer.from(json));
      if (scan(json)) answered++;
    }),
    runs(2000),
  );
  t.true(answered > 200, `only ${answered} were answered: the law was hardly tested`);
});

test('answers as JSON.parse does, or not at all: damaged objects', (t) => {
  const damage = fc.record({
    at: fc.nat(),
    remove: fc.nat(3),
    put: fc.uint8Array({ maxLength: 2 }),
    cut: fc.boolean(),
  });
  const syntax = fc.constantFrom(...'{}[],:"\\ \n').map((c) => Uint8Array.of(c.charCodeAt(0)));
  fc.assert(
    fc.property(objectJson, damage, fc.option(syntax), (json, { at, remove, put, cut }, mark) => {
      const bytes = Buffer.from(json);
      const place = at % bytes.length;
      const rest = cut ? bytes.subarray(0, 0) : bytes.subarray(place + remove);
      assertAgrees(t, Buffer.concat([bytes.subarray(0, place), mark ?? put, rest]));
    }),
    runs(4000),
  );
});

test('never declines flat rows of plain strings', (t) => {
  const plain = fc.string({ unit: 'grapheme', maxLength: 8 }).filter((text) => !/["\\\p{Cc}\p{Cs}]/u.test(text));
  const row = fc.dictionary(plain, fc.oneof(plain, fc.array(plain, { maxLength: 3 })), { maxKeys: 6 });
  fc.assert(
    fc.property(row, (value) => {
      for (const name of NAMES) if (Array.isArray(value[name])) delete value[name];
      const json = JSON.stringify(value);
      t.deepEqual(scan(json), parse(Buffer.from(json)), json);
    }),
    runs(500),
  );
});
