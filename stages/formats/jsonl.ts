import type { Origin } from '../../pipeline/index.ts';
import type { Sentence } from '../records.ts';
import {
  badRecord,
  lineId,
  optionalNumber,
  optionalText,
  type PairFormatEntry,
  parseObject,
  requiredText,
} from './format.ts';
import { LabelMap, NO_LABEL_REASON, OWN_NAMES } from './labels.ts';

const PARTS = ['premise', 'hypothesis', 'label', 'score', 'id'] as const;

type Part = (typeof PARTS)[number];

/**
 * Pairs as Millrace writes them: objects with `premise` and `hypothesis`, each a text or an object with `text` and
 * perhaps `tokens`, `transitions`, `ids`; `label`, `score` and `id` may be missing. So `pipe ... --to FILE.jsonl` can be read
 * again, and any program can write a pair by hand. Where objects have other fields, options say which; a field that was
 * asked for must be in every object.
 */
export const jsonl: PairFormatEntry = {
  summary:
    '{"premise": ..., "hypothesis": ..., "label"?: ..., "score"?: ..., "id"?: ...} a line, or fields of other names, such as premise=text_a,label=gold.label; what pipe writes can be read again',
  options: [...PARTS, 'entailment', 'neutral', 'contradiction', 'unlabeled'],
  make(options) {
    const labels = LabelMap.of(options, OWN_NAMES);
    const paths = Object.fromEntries(PARTS.map((part) => [part, String(options[part] ?? part)])) as Record<
      Part,
      string
    >;
    const asked = PARTS.filter((part) => options[part] !== undefined);
    return {
      pair(line, context) {
        const { origin } = line;
        const object = parseObject(line);
        for (const part of asked) assertThere(object, paths[part], origin);
        const row =
          asked.length === 0
            ? object
            : Object.fromEntries(PARTS.map((part) => [paths[part], valueAt(object, paths[part])]));
        const name = nameOf(row[paths.label]);
        if (name !== undefined && name === labels.unlabeled) return context.drop(NO_LABEL_REASON);
        const label =
          name === undefined ? undefined : labels.labelOf(name, `field "${paths.label}"`, origin, ', or nothing');
        const score = optionalNumber(row, paths.score, origin);
        return {
          id: idOf(row, paths.id, origin) ?? lineId(origin),
          ...(label !== undefined && { label }),
          ...(score !== undefined && { score }),
          premise: sentence(row, paths.premise, origin),
          hypothesis: sentence(row, paths.hypothesis, origin),
          origin,
        };
      },
    };
  },
};

/** The value at a path, such as `gold.label`; of lists by place. */
function valueAt(object: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (has(value, key) ? value[key] : undefined), object);
}

function has(value: unknown, key: string): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key);
}

/** That somebody asked for a field says that it is there: a slip of the pen must not make pairs without labels. */
function assertThere(object: Record<string, unknown>, path: string, origin: Origin): void {
  if (valueAt(object, path) !== undefined) return;
  throw badRecord(
    origin,
    `There is no field "${path}"`,
    'the fields that were asked for',
    Object.keys(object).join(', '),
  );
}

/** What a label is called, if it has a name: JSON has numbers and truth values for that, too. */
function nameOf(value: unknown): unknown {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : (value ?? undefined);
}

/** Ids are texts here, but may have been written as numbers. */
function idOf(row: Record<string, unknown>, path: string, origin: Origin): string | undefined {
  return Number.isSafeInteger(row[path]) ? String(row[path]) : optionalText(row, path, origin);
}

function sentence(row: Record<string, unknown>, field: string, origin: Origin): Sentence {
  const value = row[field];
  if (typeof value !== 'object' || value === null) return { text: requiredText(row, field, origin) };
  const { tokens, transitions, ids } = value as Record<string, unknown>;
  const parse = optionalText(value as Record<string, unknown>, 'binaryParse', origin);
  return {
    text: requiredText(value as Record<string, unknown>, 'text', origin),
    ...(parse !== undefined && { binaryParse: parse }),
    ...(tokens !== undefined && { tokens: list(tokens, 'tokens', 'string', origin) as string[] }),
    ...(transitions !== undefined && { transitions: list(transitions, 'transitions', 'number', origin) as number[] }),
    ...(ids !== undefined && { ids: list(ids, 'ids', 'number', origin) as number[] }),
  };
}

function list(value: unknown, field: string, type: 'string' | 'number', origin: Origin): unknown[] {
  const fits = type === 'string' ? (item: unknown) => typeof item === 'string' : Number.isInteger;
  if (Array.isArray(value) && value.every(fits)) return value;
  const expected = type === 'string' ? 'a list of texts' : 'a list of whole numbers';
  throw badRecord(origin, `The field "${field}" is wrong`, expected, JSON.stringify(value));
}
