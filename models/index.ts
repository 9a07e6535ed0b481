/** Sentence-pair models: encoders, heads, training, evaluation and checkpoints. Start an engine before anything else. */

export {
  type AdvancedRnnConfig,
  type AdvancedRnnOptions,
  attentions,
  buildAdvancedRnn,
  cells,
  compositions,
  poolings,
} from './advanced-rnn.ts';
export { type Architecture, buildModel, type ModelName, modelNames, type Parses } from './architectures.ts';
export type { Best, Checkpoint, EpochProgress, Progress } from './checkpoint.ts';
export { readCheckpoint } from './checkpoint-file.ts';
export { balancedWeights, type ClassWeights, classWeightings } from './class-weights.ts';
export { type DatasetOptions, type PairDataset, type PairExample, type PairInputs, toDataset } from './dataset.ts';
export { type DevFigures, devFigures } from './dev-figures.ts';
export type { StepRecord } from './epoch.ts';
export { type ClassFigures, type Evaluation, evaluate, type LabelEvaluation } from './evaluate.ts';
export { evaluateScores, type ScoreEvaluation } from './evaluate-scores.ts';
export {
  type Attention,
  type AttentionRows,
  type AttentionWeights,
  attentionOf,
  type ExplainedPrediction,
  type Explanation,
  explanationsOf,
  type Importance,
  type PairTokens,
  type PairTrees,
} from './explain.ts';
export { type Target, targets } from './goal.ts';
export { type Head, headOf, targetScores } from './heads.ts';
export { type ImportedWeights, importWeights } from './import-weights.ts';
export { importanceOf, type WordImportance } from './importance.ts';
export { Attend } from './layers/attend.ts';
export { BatchNormalization } from './layers/batch-normalization.ts';
export { CrossAttention } from './layers/cross-attention.ts';
export { DistanceScore } from './layers/distance-score.ts';
export { InnerAttention } from './layers/inner-attention.ts';
export { Merger } from './layers/merger.ts';
export { JoinPair, SplitPair, SwapPair } from './layers/pairs.ts';
export { Pooling } from './layers/pooling.ts';
export { RecurrentLayer } from './layers/recurrent-layer.ts';
export { RNNCell } from './layers/rnn-cell.ts';
export { RNNEncoder } from './layers/rnn-encoder.ts';
export { SeededDropout } from './layers/seeded-dropout.ts';
export { SpinnEncoder } from './layers/spinn-encoder.ts';
export { movesOfShape, type TreeShape, treeShapes } from './layers/tree-moves.ts';
export { WordEmbedding } from './layers/word-embedding.ts';
export { ClippedAdam, type ClippedAdamOptions } from './optimizer.ts';
export { compile, type PairModelConfig } from './pair-model.ts';
export { type Parser, parserOf } from './parse.ts';
export type { ParseFigures } from './parse-figures.ts';
export {
  type Decision,
  type LabelPrediction,
  type Prediction,
  predict,
  predictScores,
  type ScorePrediction,
} from './predict.ts';
export { type Recipe, type RecipeName, recipes } from './recipes.ts';
export { type TextOptions, TrainedRun, toTokens } from './run.ts';
export type { RunCheckpoint } from './run-checkpoint.ts';
export { type RunConfig, readRunConfig, writeRunConfig } from './run-config.ts';
export { buildSimpleRnn } from './simple-rnn.ts';
export { buildSpinn, type SpinnConfig, type SpinnOptions, treeKinds } from './spinn.ts';
export { labelOfScore, learnThresholds, probabilitiesOfScore, type Thresholds } from './thresholds.ts';
export { type EpochRecord, type TrainOptions, type TrainRecord, type TrainResult, train } from './train.ts';
export { type TrainRunOptions, type TrainRunResult, trainRun } from './train-run.ts';
export { type BatchLimit, idsToLearnFrom, shuffledBatches, tokensToLearnFrom } from './training-data.ts';
export { type SentenceTree, type Tree, treeOf } from './trees.ts';
export { type LoadedWeights, loadWeights, saveWeights, WEIGHTS_FILE } from './weights/weights-file.ts';
