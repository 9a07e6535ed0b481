/** Millrace as a library: the streaming core and the stages. Models and engines load TensorFlow.js: `millrace/models`. */
export * from './pipeline/index.ts';
export * from './stages/index.ts';
