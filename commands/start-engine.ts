import type { Engine, EngineName } from '../engine/index.ts';

let told: string | undefined;

/**
 * Starts the engine that a command was asked for, and says on stderr which one runs and why, if it is news.
 *
 * @param silent for commands whose output programs read: then only that a software adapter runs is said
 */
export async function startEngine(name: EngineName | 'auto', { silent = false } = {}): Promise<Engine> {
  const { startEngine } = await import('../engine/index.ts');
  const engine = await startEngine(name);
  const line = describe(engine, name);
  if (line !== told && (!silent || engine.adapter?.software)) console.error(line);
  told = line;
  return engine;
}

function describe({ name, version, simd, adapter, passedOver = [] }: Engine, asked: EngineName | 'auto'): string {
  const facts = [`TensorFlow.js ${version}`, ...(simd ? ['SIMD'] : []), ...(adapter ? [adapter.name] : [])].join(', ');
  const line = `engine ${name} (${facts})`;
  if (asked !== 'auto') {
    return adapter?.software ? `${line}, as asked: a software adapter, slower than wasm` : `${line}, as asked`;
  }
  const others = passedOver.map(({ name, reason }) => `${name} ${reason}`).join(', ');
  return others === '' ? `${line}, the first choice` : `${line}: ${others}`;
}
