import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { temporaryFolder } from './files.ts';

/** Loads the stages, tokenizes with natural's tokenizer, and says on stderr what that changed. */
const PROGRAM = `
  const before = JSON.stringify(process.env);
  const { Pipeline } = await import(process.argv[1] + '/pipeline/index.ts');
  const { tokenize } = await import(process.argv[1] + '/stages/index.ts');
  const [sentence] = await Pipeline.from([{ text: "It can't." }]).pipe(tokenize('natural')).toArray();
  const { createRequire } = await import('node:module');
  const loaded = Object.keys(createRequire(process.argv[1] + '/package.json').cache);
  const { writeSync } = await import('node:fs');
  writeSync(2, JSON.stringify({
    tokens: sentence.tokens,
    environment: JSON.stringify(process.env) === before,
    natural: loaded.filter((path) => /natural.lib.natural.[^/\\\\]*$/.test(path)),
    tensorflow: loaded.filter((path) => path.includes('@tensorflow')),
  }));
`;

test('loading the stages and tokenizing prints nothing, and neither reads .env nor loads TensorFlow.js', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, '.env'), 'MILLRACE_FROM_DOTENV=1\n');
  const root = new URL('../..', import.meta.url);
  const child = spawn(
    process.execPath,
    [
      '--import',
      new URL('node_modules/tsx/dist/loader.mjs', root).href,
      '--input-type=module',
      '-e',
      PROGRAM,
      root.href,
    ],
    { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (data) => (output.stdout += data));
  child.stderr.on('data', (data) => (output.stderr += data));
  const code = await new Promise((done) => child.once('close', done));
  t.is(code, 0, output.stderr);
  t.is(output.stdout, '');
  t.deepEqual(JSON.parse(output.stderr), {
    tokens: ['It', 'ca', "n't", '.'],
    environment: true,
    natural: [],
    tensorflow: [],
  });
});
