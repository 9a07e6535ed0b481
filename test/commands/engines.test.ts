import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { EpochRecord, StepRecord } from '../../models/index.ts';
import { softwareGpu } from '../engine/software-gpu.ts';
import { smallCorpus } from './corpus.ts';
import { cli, rowsOf } from './run-cli.ts';

test('a model is trained and measured on a GPU as on the processor, and measured without it if it is software', async (t) => {
  const env = (await softwareGpu()) as Record<string, string> | undefined;
  if (env === undefined) {
    t.log('not tested: no software GPU runs here');
    return t.pass();
  }
  const corpus = await smallCorpus(t);
  const { folder, split } = corpus;
  const train = (engine: string) =>
    cli(
      t,
      ['train', 'simple-rnn', '--train', split('train'), '--dev', split('dev'), '--engine', engine].concat(
        ['--embed-size', '8', '--hidden-size', '8', '--epochs', '1', '--seed', '3', '--save-every', '2'],
        ['--limit', '36', '--batch-size', '12', '--out', engine],
      ),
      { cwd: folder, env },
    );
  const [onGpu, onCpu] = await Promise.all([train('webgpu'), train('cpu')]);
  t.is(onGpu.code, 0, onGpu.stderr);
  t.is(onCpu.code, 0, onCpu.stderr);
  t.regex(onGpu.stderr, /^engine webgpu \(TensorFlow\.js 4\S*, .*SwiftShader.*\), as asked: a software adapter/);
  t.regex(onCpu.stderr, /^engine cpu \(TensorFlow\.js 4\S*\), as asked\n/);

  const figures = async (run: string) =>
    rowsOf<StepRecord | EpochRecord>(await readFile(join(folder, run, 'metrics.jsonl'), 'utf8')).flatMap((record) =>
      record.type === 'step' ? [record.loss, record.gradientNorm] : [record.trainLoss, record.devLoss],
    );
  const [gpu, cpu] = [await figures('webgpu'), await figures('cpu')];
  t.is(gpu.length, cpu.length);
  t.true(gpu.length >= 8);
  for (const [i, value] of gpu.entries()) {
    t.true(Math.abs(value - cpu[i]!) < 1e-3 * (1 + cpu[i]!), `figure ${i}: ${value}, not ${cpu[i]}`);
  }

  const auto = await cli(t, ['evaluate', 'webgpu', split('test')], { cwd: folder, env });
  t.regex(auto.stderr, /^engine wasm \(TensorFlow\.js .*\): .*webgpu finds only a software adapter \([^\n]*\)\n$/);
});

test('an engine that cannot run here is an error that tells how to get it', async (t) => {
  const sources = ['--train', 'train.jsonl', '--dev', 'dev.jsonl', '--out', 'nowhere'];
  const result = await cli(t, ['train', 'simple-rnn', ...sources, '--engine', 'tfjs-node-gpu']);
  t.is(result.code, 1);
  t.regex(
    result.stderr,
    /^millrace: The tfjs-node-gpu engine [^\n]*npm install @tensorflow\/tfjs-node-gpu@4\.22\.0[^\n]*\n$/,
  );
});
