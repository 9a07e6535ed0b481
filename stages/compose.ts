import { type Choice, MillraceError, type Pipeline, unknownName } from '../pipeline/index.ts';
import { catalog, type Flow, type Surroundings } from './catalog.ts';
import { defaultCacheDir } from './download.ts';
import type { LineOptions } from './line-table.ts';
import { readOptions } from './options.ts';
import { formatOf, read } from './read.ts';
import type { SourceOptions } from './source.ts';

export interface ComposeOptions extends Partial<Pick<Surroundings, 'seed'>>, Omit<SourceOptions, 'signal'> {
  /**
   * Worker threads for the first stages that can run on them, as many in a row as there are: see `pipeline.parallel`.
   * Default none.
   */
  readonly workers?: number | 'auto';
  /** What becomes of bytes that are no UTF-8, in lines that are cut where none were asked for. Default `replace`. */
  readonly invalid?: LineOptions['invalid'];
  /** Told what `auto` came to. */
  readonly onChoice?: (choice: Choice) => void;
}

/**
 * A pipeline from words: a source and stages as the command line has them, `['tokenize:parse', 'lowercase']`. Lines are
 * cut, and the lines of a corpus known by name are parsed, where the next stage needs it.
 *
 * @throws MillraceError MILLRACE_USAGE for an unknown stage or option, or stages in an order that cannot be
 */
export function compose(
  source: string,
  stages: readonly string[],
  { seed = 0, workers = 0, invalid = 'replace', onChoice, ...options }: ComposeOptions = {},
): Pipeline<unknown> {
  let pipeline: Pipeline<unknown> = read(source, options);
  let flow: Flow = 'blocks';
  const lineBytes = options.limits?.lineBytes;
  const lines = `lines:invalid=${invalid}${lineBytes === undefined ? '' : `,line-bytes=${lineBytes}`}`;
  const surroundings = { seed, cacheDir: options.cacheDir ?? defaultCacheDir() };
  let hasCrew = workers === 0;
  const addCrew = () => {
    hasCrew = true;
    pipeline = pipeline.parallel(workers, onChoice);
  };
  const add = (written: string) => {
    const { name, entry, values } = readStage(written);
    if (!fits(flow, entry.takes)) {
      throw new MillraceError('MILLRACE_USAGE', `The stage ${name} comes too late`, {
        expected:
          entry.takes === 'blocks' ? `${name} right after the source` : `${name} before stages that make records`,
        found: stages.join(' '),
      });
    }
    // Lines begin a row for the stages behind them, and are none by themselves.
    const isRow = canGo(pipeline) && flow !== 'lines';
    const added = entry.add(pipeline, values, surroundings);
    // A stage that cannot go ends the row; so does a cache, which has the stages before it within.
    if (isRow && !hasCrew && (added.stages.at(-1)?.remote === undefined || added.source !== pipeline.source)) {
      addCrew();
      pipeline = entry.add(pipeline, values, surroundings);
    } else pipeline = added;
    flow = entry.gives;
  };
  for (const written of stages) {
    const { entry } = readStage(written);
    for (const implied of impliedStages(flow, entry.takes, source, lines)) add(implied);
    add(written);
  }
  for (const implied of impliedStages(flow, 'records', source, lines)) add(implied);
  // Where nothing can go, whoever asked for threads is told; `auto` has found out that there is no use for any.
  if (!hasCrew && (workers !== 'auto' || canGo(pipeline))) addCrew();
  return pipeline;
}

/** Whether the last stage can go to a worker thread; one that goes only with its source, if all before it can. */
function canGo({ source, stages }: Pipeline<unknown>): boolean {
  const { remote } = stages.at(-1) ?? {};
  return remote?.withSource
    ? source.remote !== undefined && stages.every((stage) => stage.remote)
    : remote !== undefined;
}

function readStage(written: string) {
  const [, name = written, options = ''] = /^([^:]*):(.*)$/s.exec(written) ?? [];
  const entry = Object.hasOwn(catalog, name) ? catalog[name] : undefined;
  if (!entry) throw unknownName('stage', name, Object.keys(catalog));
  return { name, entry, values: readOptions(name, options, entry.options, entry.main) as never };
}

/** Lines are records too; bytes are not, but become lines by themselves. */
function fits(flow: Flow, takes: Flow): boolean {
  return flow === takes || (flow === 'lines' && takes === 'records');
}

/** The stages that must come between a flow and a stage that takes another. */
function impliedStages(flow: Flow, takes: Flow, source: string, lines: string): string[] {
  if (flow !== 'blocks' || takes === 'blocks') return [];
  const format = formatOf(source);
  if (takes === 'lines' || format === undefined) return [lines];
  return format === 'glove' ? ['glove'] : [lines, `parse:${format}`];
}
