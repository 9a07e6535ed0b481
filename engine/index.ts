/** Which TensorFlow.js backend runs, and its repairs. Everything that makes a tensor starts an engine first. */

export { type Engine, type EngineName, engineNames, startEngine } from './select.ts';
