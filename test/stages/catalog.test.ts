import { execFileSync } from 'node:child_process';
import test from 'ava';
import type { Plan } from '../../pipeline/index.ts';
import * as stages from '../../stages/index.ts';
import { catalog, compose } from '../../stages/index.ts';

/** What a program is given when a shell has read `command`. */
function shellWords(command: string): string[] {
  const printed = execFileSync('bash', ['-c', `set -- ${command}\nprintf '%s\\0' "$@"`], { encoding: 'utf8' });
  return printed.split('\0').slice(0, -1);
}

/** Stages of a plan, and those that a stage has put into its source. */
function countStages({ source, stages }: Plan<unknown>): number {
  return (source.plans ?? []).reduce((sum, plan) => sum + 1 + countStages(plan), stages.length);
}

/** Flags of `pipe` that take a value, as far as examples use them. */
const flags = new Set(['--limit', '--seed']);

for (const [name, { summary, example, options, main }] of Object.entries(catalog)) {
  test(`the example of ${name} can be typed into a shell, and composes`, (t) => {
    const [command, source, ...rest] = shellWords(example);
    t.is(command, 'pipe');
    const written = rest.filter((word, i) => !flags.has(word) && !flags.has(rest[i - 1] ?? ''));
    t.true(
      written.some((stage) => stage.split(':')[0] === name),
      'the example shows another stage',
    );
    t.true(countStages(compose(source as string, written)) >= written.length);
  });

  test(`${name} and its options are described, and the options read their own fallbacks`, (t) => {
    t.true(summary.length > 0);
    if (main !== undefined) t.true(main in options);
    for (const [option, { help, fallback, choices, read }] of Object.entries(options)) {
      t.regex(option, /^[a-z][a-z-]*$/);
      t.true(help.length > 0);
      if (fallback !== undefined) t.deepEqual(read(String(fallback)), fallback);
      for (const choice of Object.keys(choices ?? {})) t.is(read(choice), choice);
    }
  });
}

test('every stage that the library exports can be named', (t) => {
  const exported = Object.entries(stages)
    .filter(([, value]) => typeof value === 'function' && 'spec' in value)
    .map(([name]) => name);
  t.true(exported.length > 0);
  for (const name of exported) t.true(Object.hasOwn(catalog, name), name);
});
