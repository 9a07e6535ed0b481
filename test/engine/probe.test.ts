import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { engineNames, probeEngines, startEngine } from '../../engine/index.ts';
import { isInstalled } from '../../engine/native.ts';

test.serial('every engine is reported on, and the current one stays', async (t) => {
  await startEngine('cpu');
  const reports = await probeEngines();
  t.is(tf.getBackend(), 'cpu');
  t.deepEqual(
    reports.map(({ name }) => name),
    [...engineNames],
  );
  for (const report of reports) {
    if (report.name === 'wasm' || report.name === 'cpu') {
      t.like(report, { available: true, version: tf.version_core, reason: undefined });
    } else if (!isInstalled(report.name)) {
      t.like(report, { available: false, reason: `The ${report.name} engine is not installed` });
      t.regex(report.hint!, /npm install/);
    }
  }
});
