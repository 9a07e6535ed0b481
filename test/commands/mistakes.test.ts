/**
 * Mistakes at the command line: `mistakes.txt` lists commands, each with all that it says on stderr and its exit code.
 *
 * After a change of words: `MILLRACE_WRITE_MISTAKES=1 npx ava test/commands/mistakes.test.ts`, and read what came of it.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { badFiles } from './bad-files.ts';
import { shell } from './run-cli.ts';

const file = new URL('mistakes.txt', import.meta.url);
/** As many as a small machine has cores. */
const AT_ONCE = 2;
/** The start of a line that is no command and no exit code. */
const SAID = '    ';

test('a mistake gives a readable message and the right exit code', async (t) => {
  const text = await readFile(file, 'utf8');
  const commands = [...text.matchAll(/^\$ (.+)$/gm)].map(([, command]) => command as string);
  t.true(commands.length >= 40);
  t.is(new Set(commands).size, commands.length);
  const folder = await mkdtemp(join(tmpdir(), 'millrace-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await badFiles(folder);
  const answers: string[] = [];
  let next = 0;
  const work = async () => {
    while (next < commands.length) {
      const at = next++;
      answers[at] = await answer(commands[at] as string, folder);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const found = answers.join('\n');
  if (process.env.MILLRACE_WRITE_MISTAKES) {
    await writeFile(file, found);
    t.fail('written: read it, then test again');
  }
  const expected = text.split(/^(?=\$ )/m);
  for (const [at, one] of expected.entries()) t.is(answers[at]?.trim(), one.trim());
});

async function answer(command: string, folder: string): Promise<string> {
  const { stderr, code } = await shell(command, folder);
  const said = stderr
    .replaceAll(folder, '.')
    // Which options there are is no matter of mistakes, nor what machine this is, nor how its JavaScript words things.
    .replace(/^\(options: .*\)$/m, '(options: ...)')
    .replace(/^engine .*\n/m, '')
    .replace(/\((?:Unexpected|Unterminated|Expected|Invalid) .*?\)(?=[;,])/, '(...)')
    .replace(/Unexpected end of JSON input/, '...')
    .replace(/\.[\da-f]+-\d+-\d+\.tmp/, '.tmp')
    .trimEnd()
    .split('\n');
  return [`$ ${command}`, ...said.map((line) => `${SAID}${line}`), `exit ${code}`, ''].join('\n');
}
