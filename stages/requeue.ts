import { defineStage, MillraceError, type Origin } from '../pipeline/index.ts';
import { parseObject } from './formats/format.ts';
import type { Line } from './records.ts';

/** What a row holds, as the rule that it may break. */
const ROW = 'a row as --on-error quarantine:FILE writes it: { "error": ..., "raw": ... }';

/**
 * The way back from a quarantine file: its rows to the lines that were rejected, with the origins that they had. So when
 * their texts were mended in that file, `requeue` in front of the stages that had rejected them gives just the records that
 * were missing.
 *
 * A record that is no line, since a stage behind the parser rejected it, becomes a line of JSON, as `pipe` writes records.
 *
 * @throws MillraceError MILLRACE_BAD_RECORD, subject to the error policy, for a line that is no such row, or one whose
 * bytes (`rawBase64`) nobody has yet replaced by a text
 */
export const requeue = defineStage<Line, Line>({
  name: 'requeue',
  remote: { module: import.meta.url, export: 'requeue' },
  record(line, context) {
    if (line.text.trim() === '') return context.drop('blank line');
    const row = parseObject(line);
    const { error, raw, rawBase64 } = row;
    const wrong = (summary: string, expected: string, found: unknown) =>
      new MillraceError('MILLRACE_BAD_RECORD', summary, { origin: line.origin, expected, found });
    if (!isObject(error)) throw wrong('The line is no row of a quarantine', ROW, line.text);
    if (raw === undefined && rawBase64 !== undefined) {
      throw wrong('The record is not UTF-8 yet', '"raw" with the text in place of "rawBase64"', rawBase64);
    }
    const text = isObject(raw) ? (raw.text ?? JSON.stringify(raw)) : raw;
    if (typeof text !== 'string') throw wrong('The line is no row of a quarantine', ROW, line.text);
    return { text, origin: originIn(error) ?? line.origin };
  },
});

function originIn({ origin }: Record<string, unknown>): Origin | undefined {
  if (!isObject(origin) || typeof origin.source !== 'string') return undefined;
  const { source, entry, line } = origin;
  return {
    source,
    ...(typeof entry === 'string' && { entry }),
    ...(Number.isInteger(line) && { line: line as number }),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
