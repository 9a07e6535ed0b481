/** Which TensorFlow.js backend runs, and its repairs. Everything that makes a tensor starts an engine first. */

export { type Engine, type EngineName, type EngineReport, engineNames } from './engine.ts';
export { probeEngines } from './probe.ts';
export { readInto } from './read-into.ts';
export { startEngine } from './select.ts';
