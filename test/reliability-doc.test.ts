import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';

// Every test that docs/reliability.md names is there: in that file, under that title.

/** The titles of a test file as patterns: what a template fills in may be anything. */
async function titlesIn(file: string): Promise<RegExp[]> {
  const source = await readFile(join(import.meta.dirname, `${file}.test.ts`), 'utf8');
  const calls = source.matchAll(
    /\b(?:test|law)(?:\.serial|\.skip|\))*\(\s*(?:'((?:[^'\\]|\\.)*)'|`((?:[^`\\]|\\.)*)`),/g,
  );
  return [...calls].map(([, plain, template = '']) =>
    plain === undefined
      ? new RegExp(
          `^${template
            .split(/\$\{[^}]*\}/)
            .map(escaped)
            .join('.+')}$`,
        )
      : new RegExp(`^${escaped(plain)}$`),
  );
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

const document = await readFile(join(import.meta.dirname, '../docs/reliability.md'), 'utf8');
const rows = document
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| fault |'))
  .map((line) => line.slice(2, -2).split(' | '));

test('each fault has a promise, and each promise a test', (t) => {
  t.true(rows.length > 50);
  for (const row of rows) {
    t.is(row.length, 3, row.join());
    for (const cell of row) t.not(cell.trim(), '', row.join());
  }
});

test('each test that is named is there', async (t) => {
  for (const [, , tests = ''] of rows) {
    for (const named of tests.split('<br>')) {
      const [, file, title] = /^`([\w/-]+)`: (.+)$/.exec(named) ?? [];
      if (file === undefined || title === undefined) t.fail(`no test: ${named}`);
      else
        t.true(
          (await titlesIn(file)).some((pattern) => pattern.test(title)),
          named,
        );
    }
  }
});
