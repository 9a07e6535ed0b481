import { readFile } from 'node:fs/promises';
import test from 'ava';
import { engineNames } from '../../engine/index.ts';
import { faults, operators } from './operators/index.ts';
import { faultsText, operationsText } from './operators/markdown.ts';

const text = await readFile(new URL('../../docs/engines.md', import.meta.url), 'utf8');

test('docs/engines.md lists the operations that are tested, and the faults that are known', (t) => {
  t.true(text.includes(operationsText()), `it should say:\n\n${operationsText()}`);
  t.true(text.includes(faultsText()), `it should say:\n\n${faultsText()}`);
  for (const name of engineNames) t.true(text.includes(`| \`${name}\` |`), name);
});

test('operations have names of their own, and known faults are those of operations that there are', (t) => {
  const names = operators.map(({ name }) => name);
  t.is(new Set(names).size, names.length);
  for (const name of faults.flatMap(({ operations }) => operations)) t.true(names.includes(name), name);
});
