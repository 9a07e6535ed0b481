/**
 * For tests of your own stages: {@link checkStage} tries all laws that a stage must keep, {@link laws} has each of them. They
 * need no test runner and fail with errors of node:assert.
 */
export { checkStage, laws } from './check-stage.ts';
export type { Sample, Subject } from './sample.ts';
export { type Mishaps, WatchedSource } from './watched-source.ts';
