/**
 * What a pipeline does and what it reads, in plain JSON: pipelines that tell the same give the same records. That is
 * what a cache and a state go by.
 */
import { createHash } from 'node:crypto';
import { MillraceError } from './errors.ts';
import { toPlain } from './record.ts';
import type { Plan } from './run.ts';
import type { Json } from './state.ts';

/** A plan, told. */
export type Definition = { readonly source: SourceDefinition; readonly stages: readonly StageDefinition[] };

type SourceDefinition = { readonly name: string; readonly options?: Json; readonly plans?: readonly Definition[] };

/** `code` has a hash of the text of each function that the stage is made of. */
type StageDefinition = { readonly name: string; readonly options?: Json; readonly code: readonly string[] };

/**
 * A plan's source and stages by name and options, and of sources that open other plans (`concat`, `interleave`, `cache`)
 * those too.
 *
 * A function, such as one given to `map` or `defineStage`, is known by a hash of its text. What it closes over is not
 * seen: two functions of the same text that work with different things from outside are taken for one.
 *
 * @throws MillraceError MILLRACE_USAGE for a function whose text cannot be read, such as a bound one
 */
export function definitionOf({ source, stages }: Plan<unknown>): Definition {
  return {
    source: {
      name: source.name,
      ...(source.options && { options: toJson(source.options) }),
      ...(source.plans && { plans: source.plans.map(definitionOf) }),
    },
    stages: stages.map(({ name, options, stream, code = [stream] }) => ({
      name,
      ...(options && { options: toJson(options) }),
      code: code.map(hashOf),
    })),
  };
}

/** A definition on one line, much as it would be typed after `millrace pipe`. */
export function inWords({ source, stages }: Definition): string {
  const { source: spec, ...others } = { source: undefined, ...(source.options as object | undefined) };
  const plans = source.plans?.map((plan) => `(${inWords(plan)})`) ?? [];
  const named = typeof spec === 'string' ? [spec] : [nameInWords(source.name, others), ...plans];
  // A cache changes nothing: it is told of as the stage that it was written as.
  const first = source.name === 'cache' && source.plans?.[0] ? [inWords(source.plans[0]), 'cache'] : named;
  return [...first, ...stages.map(({ name, options }) => nameInWords(name, options))].join(' ');
}

function nameInWords(name: string, options: unknown): string {
  const told = Object.entries(options ?? {}).flatMap(([option, value]) => {
    if (Array.isArray(value)) return [`${option}=${value.join('-')}`];
    return typeof value === 'object' ? [] : [`${option}=${shorten(value)}`];
  });
  return told.length > 0 ? `${name}:${told.join(',')}` : name;
}

/** A hash says enough with its beginning. */
function shorten(value: unknown): string {
  return String(value).replace(/^([0-9a-f]{8})[0-9a-f]{56}$/, '$1');
}

/**
 * What the sources of a plan hold now, and what its stages look up elsewhere: it changes when those contents do.
 *
 * @throws MillraceError MILLRACE_USAGE where a source has no identity; whatever looking at the sources throws
 */
export async function identityOf(plan: Plan<unknown>, signal: AbortSignal): Promise<Json> {
  assertIdentifiable(plan);
  const { source, stages } = plan;
  const own = (await source.identify?.(signal)) ?? null;
  const plans = await Promise.all((source.plans ?? []).map((inner) => identityOf(inner, signal)));
  const lookedUp = await Promise.all(stages.map(async (stage) => (await stage.identify?.(signal)) ?? null));
  return { own, plans, stages: lookedUp };
}

/** What the sources of a plan are now, at a glance. */
export function stampsOf({ source }: Plan<unknown>): Json {
  return { own: source.stamp?.() ?? null, plans: (source.plans ?? []).map(stampsOf) };
}

/** @throws MillraceError MILLRACE_USAGE if the plan begins with something that has no identity, such as an array */
export function assertIdentifiable({ source }: Plan<unknown>): void {
  if (source.plans) source.plans.forEach(assertIdentifiable);
  else if (!source.identify) {
    throw new MillraceError('MILLRACE_USAGE', 'Nobody could tell when this source changes', {
      expected: 'a pipeline that begins with a file, an archive, a URL or a corpus',
      found: source.name,
      hint: 'Begin with read(), or with Pipeline.fromSource() and a source that has identify().',
    });
  }
}

/** A short name for a piece of JSON: SHA-256, in hex. The order of an object's fields means nothing. */
export function fingerprint(json: Json): string {
  return sha256(canonical(json));
}

function canonical(json: Json): string {
  if (typeof json !== 'object' || json === null) return JSON.stringify(json);
  if (isList(json)) return `[${json.map(canonical).join(',')}]`;
  const fields = Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${canonical(value)}`).join(',')}}`;
}

/** Options as JSON that keeps apart what differs. */
function toJson(value: unknown): Json {
  switch (typeof value) {
    case 'function':
      return { function: hashOf(value) };
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { number: Object.is(value, -0) ? '-0' : `${value}` };
    case 'bigint':
      return { bigint: `${value}` };
    case 'string':
    case 'boolean':
      return value;
    case 'object':
      return value === null ? null : objectToJson(value);
    default:
      return { [typeof value]: String(value) };
  }
}

function objectToJson(value: object): Json {
  if (value instanceof RegExp || value instanceof Date) return { [value.constructor.name]: String(value) };
  if (value instanceof Map || value instanceof Set) return { [value.constructor.name]: [...value].map(toJson) };
  if (ArrayBuffer.isView(value)) return { [value.constructor.name]: (toPlain(value) as number[]).map(toJson) };
  if (Array.isArray(value)) return value.map(toJson);
  const present = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(present.map(([name, field]) => [name, toJson(field)]));
}

/** `Array.isArray` does not know of lists that cannot be written to. */
function isList(json: Json): json is readonly Json[] {
  return Array.isArray(json);
}

/** What a bound function shows instead of its text. */
const NO_TEXT = /^function \(\) \{\s*\[native code\]\s*\}$/;

// biome-ignore lint/complexity/noBannedTypes: any function at all has a text
function hashOf(fn: Function): string {
  const text = Function.prototype.toString.call(fn);
  if (!NO_TEXT.test(text)) return sha256(text).slice(0, 16);
  throw new MillraceError('MILLRACE_USAGE', 'Nobody could tell when this function changes', {
    expected: 'a function whose text can be read',
    found: fn.name,
    hint: 'Write (x) => f(x) in place of a bound function.',
  });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
