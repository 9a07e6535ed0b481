import type { Report, StageReport } from '../pipeline/index.ts';
import { plainTable } from './table.ts';

/** What a run did, stage by stage, and which stage limited it, as a table for a terminal. */
export function pipelineTable(report: Report): string {
  const rows = report.stages.map((stage) => [
    stage.name,
    count(stage.recordsIn),
    count(stage.recordsOut),
    (stage.bytesOut / 1e6).toFixed(1),
    stage.busySeconds.toFixed(3),
    stage.waitingSeconds.toFixed(3),
    percent(stage.busySeconds, report.seconds),
    stage.heldRecords > 0 ? `${count(stage.heldRecords)} (${(stage.heldBytes / 1e6).toFixed(1)} MB)` : '',
    notes(stage),
  ]);
  const table = plainTable(
    ['stage', 'in', 'out', 'MB out', 'busy s', 'waiting s', 'share', 'held', 'notes'],
    rows,
    [0, 8],
  );
  return `${table}\n${verdict(report)}`;
}

function verdict({ bottleneck, seconds, consumerSeconds, stages }: Report): string {
  const last = stages.at(-1)?.recordsOut ?? 0;
  const rate = seconds > 0 ? Math.round(last / seconds) : 0;
  const what =
    bottleneck === 'consumer'
      ? `the consumer limits it, at work for ${percent(consumerSeconds, seconds)} of the time`
      : `${bottleneck} limits it: ${gain(stages, bottleneck, seconds)}`;
  return `${count(last)} records in ${seconds.toFixed(3)} s, ${count(rate)} a second; ${what}`;
}

/** What could be won at the limiting stage, after Amdahl (1967). */
function gain(stages: readonly StageReport[], name: string, seconds: number): string {
  const { busySeconds = 0, workers = 1 } = stages.find((stage) => stage.name === name) ?? {};
  const rest = Math.max(seconds - busySeconds / workers, 1e-9);
  return `were it free, the run would be ${(seconds / rest).toFixed(1)} times as fast`;
}

function notes({ dropped, rejected, tallies }: StageReport): string {
  const parts = Object.entries(dropped).map(([reason, n]) => `${count(n)} ${reason}`);
  if (rejected > 0) parts.push(`${count(rejected)} bad`);
  const { cells, padding, undercount, 'damaged cache files': damaged } = tallies;
  if (damaged !== undefined) parts.push('a damaged cache, made again');
  if (undercount !== undefined) parts.push(`counts up to ${count(undercount)} too low`);
  if (cells !== undefined && padding !== undefined) parts.push(`${percent(padding, cells)} padding`);
  return parts.join(', ');
}

function count(n: number): string {
  return n.toLocaleString('en-US');
}

function percent(part: number, whole: number): string {
  return `${(whole > 0 ? (100 * part) / whole : 0).toFixed(1)}%`;
}
