import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { engineNames, probeEngines, startEngine } from '../../engine/index.ts';
import { isInstalled } from '../../engine/installed.ts';

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
      t.like(report, { available: true, version: tf.version_core });
      if (report.name === 'wasm') t.regex(String(report.available && report.kernels), /^(relaxed-)?simd$/);
    } else if (report.name !== 'webgpu' && !isInstalled(`@tensorflow/${report.name}`)) {
      t.like(report, { available: false, reason: 'is not installed' });
      t.regex(report.available ? '' : report.hint!, /npm install/);
    }
  }
});
