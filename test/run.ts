/**
 * Runs ava over the whole tree and ends with one line that every reader understands: `N passed, N failed`.
 * Arguments are handed on to ava: `npm test -- test/stages/lines.test.ts`.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ava = fileURLToPath(new URL('../node_modules/ava/entrypoints/cli.mjs', import.meta.url));
const child = spawn(process.execPath, [ava, '--tap', ...process.argv.slice(2)], {
  stdio: ['ignore', 'pipe', 'inherit'],
});

const counts = { pass: 0, fail: 0, skip: 0 };
for await (const line of createInterface({ input: child.stdout })) {
  const total = /^# (pass|fail|skip) (\d+)$/.exec(line);
  if (total) counts[total[1] as keyof typeof counts] = Number(total[2]);
  console.log(line);
}
const code: number = await new Promise((done) => {
  if (child.exitCode !== null) done(child.exitCode);
  else child.once('exit', (exit) => done(exit ?? 1));
});

// An uncaught error fails the run without failing a test: say so in the count, since a reader sees only that line.
const failed = code !== 0 && counts.fail === 0 ? 1 : counts.fail;
console.log(`${counts.pass} passed, ${failed} failed${counts.skip > 0 ? `, ${counts.skip} skipped` : ''}`);
process.exitCode = code === 0 && counts.pass === 0 ? 1 : code;
