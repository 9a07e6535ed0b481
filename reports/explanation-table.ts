import type { Attention, AttentionRows, ExplainedPrediction, Importance, Prediction } from '../models/index.ts';
import { plainTable } from './table.ts';

/**
 * An answer and how the model came to it, for a terminal. Where it looked is tables: a column a word, each row sums to 1. Trees
 * are in brackets. What words told is below them, with a sign.
 */
export function explanationTable(prediction: ExplainedPrediction): string {
  const { id, attention, trees, importance } = prediction;
  return [
    `${id}: ${answerOf(prediction)}`,
    ...(attention ? attentionTables(attention) : []),
    ...(trees ? [`premise     ${trees.premise.brackets}\nhypothesis  ${trees.hypothesis.brackets}`] : []),
    ...(importance ? importanceTables(importance) : []),
  ].join('\n\n');
}

function answerOf(prediction: Prediction): string {
  if (!('label' in prediction)) return prediction.score.toFixed(2);
  const { label, probabilities } = prediction;
  return `${label} (${(100 * probabilities[label]).toFixed(0)}%)`;
}

function attentionTables({ kind, tokens, premise, hypothesis }: Attention): string[] {
  const numbered = (rows: AttentionRows) => rows.map((_, i) => `${i + 1}`);
  return kind === 'inner'
    ? [
        weightTable('premise, view', tokens.premise, numbered(premise), premise),
        weightTable('hypothesis, view', tokens.hypothesis, numbered(hypothesis), hypothesis),
      ]
    : [
        weightTable('premise \\ hypothesis', tokens.hypothesis, tokens.premise, premise),
        weightTable('hypothesis \\ premise', tokens.premise, tokens.hypothesis, hypothesis),
      ];
}

function importanceTables({ tokens, premise, hypothesis }: Importance): string[] {
  const signed = (values: readonly number[]) => values.map((value) => `${value < 0 ? '' : '+'}${value.toFixed(2)}`);
  return [
    plainTable(['premise', ...tokens.premise], [['importance', ...signed(premise)]], [0]),
    plainTable(['hypothesis', ...tokens.hypothesis], [['importance', ...signed(hypothesis)]], [0]),
  ];
}

function weightTable(
  corner: string,
  words: readonly string[],
  names: readonly string[],
  weights: AttentionRows,
): string {
  const rows = weights.map((row, i) => [names[i]!, ...row.map((weight) => weight.toFixed(2))]);
  return plainTable([corner, ...words], rows, [0]);
}
