/** Which TensorFlow.js backend runs, and its repairs. Everything that makes a tensor starts an engine first. */

export {
  type Adapter,
  type Engine,
  type EngineName,
  type EngineReport,
  engineNames,
  type PassedOver,
} from './engine.ts';
export { probeEngines } from './probe.ts';
export { startEngine } from './select.ts';
