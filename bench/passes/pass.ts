/**
 * What the passes share. A pass is a program that is run in a process of its own, so that neither memory nor compiled
 * code of one measurement is in another's: options come as JSON in its one argument, figures go as JSON to stdout.
 */
import { readFileSync } from 'node:fs';

/** What every pass tells of itself. */
export interface PassFigures {
  readonly seconds: number;
  /** Of all threads, start-up included. */
  readonly cpuSeconds: number;
  /** The same without start-up. */
  readonly passCpuSeconds: number;
  readonly peakRssMB: number;
}

export function passOptions<O>(): O {
  return JSON.parse(process.argv[2] as string) as O;
}

/** Runs what is to be measured and tells the figures, the pass's own among them. */
export async function measure<F extends object>(pass: () => Promise<F>): Promise<void> {
  const start = performance.now();
  const startCpu = cpuSeconds();
  const own = await pass();
  const figures: PassFigures & F = {
    seconds: (performance.now() - start) / 1000,
    cpuSeconds: cpuSeconds(),
    passCpuSeconds: cpuSeconds() - startCpu,
    peakRssMB: peakRssMB(),
    ...own,
  };
  process.stdout.write(JSON.stringify(figures));
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** The most memory that this process held at once. */
export function peakRssMB(): number {
  // Not `maxRSS` where it can be helped: Linux hands that down from parent to child.
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    return (Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024) / 1e6;
  } catch {
    return (process.resourceUsage().maxRSS * 1024) / 1e6;
  }
}
