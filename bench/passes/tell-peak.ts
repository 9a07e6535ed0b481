/** Loaded before a program with `--import`: writes the peak of its memory, in MB, to the file in MILLRACE_BENCH_PEAK. */
import { writeFileSync } from 'node:fs';
import { peakRssMB } from './pass.ts';

process.on('exit', () => writeFileSync(process.env.MILLRACE_BENCH_PEAK as string, peakRssMB().toString()));
