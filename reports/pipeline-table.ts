import type { Report, StageReport } from '../pipeline/index.ts';
import { crewSeconds } from '../pipeline/meter.ts';
import { kindsInWords } from './left-out.ts';
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
    percent(stage.busySeconds / (stage.workers ?? 1), report.seconds),
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

function verdict(report: Report): string {
  const { bottleneck, seconds, consumerSeconds, stages } = report;
  const last = stages.at(-1)?.recordsOut ?? 0;
  const rate = seconds > 0 ? Math.round(last / seconds) : 0;
  const what =
    bottleneck === 'consumer'
      ? `the consumer limits it, at work for ${percent(consumerSeconds, seconds)} of the time`
      : `${bottleneck}${among(report)} limits it: ${gain(report)}`;
  return `${count(last)} records in ${seconds.toFixed(3)} s, ${count(rate)} a second; ${what}`;
}

function among({ stages, bottleneck }: Report): string {
  const { workers } = stages.find((stage) => stage.name === bottleneck) ?? {};
  return workers === undefined ? '' : `, ${threads(workers)},`;
}

/** What could be won at the limiting stage, after Amdahl (1967): what others do at the same time still takes its time. */
function gain({ stages, bottleneck, seconds, consumerSeconds }: Report): string {
  const { busySeconds = 0, crew, workers = 0 } = stages.find((stage) => stage.name === bottleneck) ?? {};
  const crews = crewSeconds(stages);
  const times = (rest: number) => (seconds / Math.max(rest, 1e-9)).toFixed(1);
  if (crew === undefined) {
    return `were it free, the run would be ${times(Math.max(seconds - busySeconds, ...crews.values()))} times as fast`;
  }
  const inMain = stages.reduce((sum, one) => sum + (one.crew === undefined ? one.busySeconds : 0), consumerSeconds);
  const own = crews.get(crew) as number;
  const [source] = stages;
  // Nobody shares the work of a source.
  if (source?.name === bottleneck && source.crew === crew) {
    const others = [...crews].map(([number, time]) => (number === crew ? time - busySeconds / workers : time));
    return `were it free, the run would be ${times(Math.max(inMain, ...others))} times as fast`;
  }
  return `with one worker more, the run could be ${times(Math.max((own * workers) / (workers + 1), inMain))} times as fast`;
}

function notes({ dropped, rejected, rejectedBy, tallies, workers }: StageReport): string {
  const parts = workers === undefined ? [] : [threads(workers)];
  parts.push(...Object.entries(dropped).map(([reason, n]) => `${count(n)} ${reason}`));
  if (rejected > 0) parts.push(`${count(rejected)} bad: ${kindsInWords(Object.entries(rejectedBy))}`);
  const { cells, padding, undercount, 'damaged cache files': damaged } = tallies;
  if (damaged !== undefined) parts.push('a damaged cache, made again');
  if (undercount !== undefined) parts.push(`counts up to ${count(undercount)} too low`);
  if (cells !== undefined && padding !== undefined) parts.push(`${percent(padding, cells)} padding`);
  return parts.join(', ');
}

function threads(workers: number): string {
  return workers === 1 ? 'on 1 worker' : `on ${workers} workers`;
}

function count(n: number): string {
  return n.toLocaleString('en-US');
}

function percent(part: number, whole: number): string {
  return `${(whole > 0 ? (100 * part) / whole : 0).toFixed(1)}%`;
}
