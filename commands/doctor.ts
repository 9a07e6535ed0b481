import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { availableParallelism, freemem, totalmem } from 'node:os';
import type { Command } from 'commander';
import type { EngineReport } from '../engine/index.ts';
import { version } from '../pipeline/version.ts';
import { defaultCacheDir } from '../stages/index.ts';

/** As in `engines` of package.json. */
const OLDEST_NODE = '20.18.1';

/** `millrace doctor` */
export function configure(command: Command): void {
  command.option('--json', 'print one JSON object').action(async ({ json }: { json?: true }) => {
    const found = await examine();
    console.log(json ? JSON.stringify(found) : describe(found));
    if (!found.ok) process.exitCode = 1;
  });
}

/** What a machine can run. */
async function examine() {
  const { probeEngines } = await import('../engine/index.ts');
  const engines = await probeEngines();
  const cache = await examineCache(defaultCacheDir());
  const node = {
    version: process.versions.node,
    ok: atLeast(process.versions.node, OLDEST_NODE),
    needs: `>=${OLDEST_NODE}`,
  };
  return {
    ok: node.ok && cache.writable && engines.some(({ available }) => available),
    millrace: version,
    node,
    platform: `${process.platform} ${process.arch}`,
    cores: availableParallelism(),
    memory: { totalMB: megabytes(totalmem()), freeMB: megabytes(freemem()) },
    cache,
    engine: engines.find((engine) => engine.available && !engine.adapter?.software)?.name,
    engines,
  };
}

type Examined = Awaited<ReturnType<typeof examine>>;

function describe({ millrace, node, platform, cores, memory, cache, engine, engines }: Examined): string {
  const lines = [
    `millrace  ${millrace}`,
    `node      ${node.version}${node.ok ? '' : `: too old, Millrace needs ${node.needs}`}`,
    `machine   ${platform}, ${cores} cores, ${memory.totalMB} MB memory, ${memory.freeMB} MB free`,
    `cache     ${cache.path}${cache.writable ? '' : ': cannot be written. Point MILLRACE_CACHE at a folder that can.'}`,
    `engine    ${engine ?? 'none'} is what "auto" takes`,
    ...engines.flatMap(describeEngine),
  ];
  return lines.join('\n');
}

function describeEngine(engine: EngineReport): string[] {
  const name = `  ${engine.name.padEnd('tfjs-node-gpu'.length)}  `;
  if (!engine.available) {
    return [`${name}${engine.reason}`, ...(engine.hint ? [`${' '.repeat(name.length)}${engine.hint}`] : [])];
  }
  const { version, simd, kernels, adapter } = engine;
  const facts = [
    version,
    ...(simd ? ['SIMD'] : []),
    ...(kernels ? [kernels === 'none' ? 'slow: none of our own kernels run' : `our own kernels (${kernels})`] : []),
    ...(adapter ? [adapter.name] : []),
  ].join(', ');
  if (!adapter?.software) return [`${name}ready: ${facts}`];
  return [
    `${name}works, but not on a GPU: ${facts}`,
    `${' '.repeat(name.length)}Slower than wasm, so "auto" passes it over. A GPU takes its driver.`,
  ];
}

async function examineCache(path: string) {
  try {
    await mkdir(path, { recursive: true });
    await access(path, constants.W_OK);
    return { path, writable: true };
  } catch {
    return { path, writable: false };
  }
}

function atLeast(version: string, oldest: string): boolean {
  return version.localeCompare(oldest, 'en', { numeric: true }) >= 0;
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
