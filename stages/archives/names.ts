/** The names of an archive's entries: which are meant, which are refused, and what an error says of them. */
import { MillraceError, type Origin } from '../../pipeline/errors.ts';

/** Tells the entries that are meant from the rest. */
export interface Choice {
  /** Whether it is the very name. */
  isExact(name: string): boolean;
  /** Whether it is the very name, or the glob matches. */
  matches(name: string): boolean;
}

/** @param pattern a name or a glob; without one everything is meant */
export async function choose(pattern: string | undefined): Promise<Choice> {
  if (pattern === undefined) return { isExact: () => false, matches: () => true };
  const isExact = (name: string) => name === pattern;
  // Most patterns are names, for which the library need not be loaded.
  if (!/[^\w./ -]/.test(pattern)) return { isExact, matches: isExact };
  const { default: picomatch } = await import('picomatch');
  const isMatch = picomatch.scan(pattern).isGlob ? picomatch(pattern) : () => false;
  return { isExact, matches: (name) => isExact(name) || isMatch(name) };
}

/**
 * Refuses a name that would lead out of the folder that an archive is unpacked to. Nothing is unpacked to a path here,
 * but the name goes on into origins, and whoever made it up is not to be trusted with the rest either. Only an entry that
 * is meant is refused, not the archive that it is in: those who ask for another entry lose nothing by it, and names
 * from the root on are what `tar -P` writes in good faith.
 *
 * @throws MillraceError `MILLRACE_BAD_ARCHIVE`
 */
export function checkName(name: string, source: string): void {
  const path = name.replaceAll('\\', '/');
  const why = name.includes('\0')
    ? 'it holds a zero byte'
    : path.startsWith('/') || /^[a-z]:/i.test(path)
      ? 'it begins at a root'
      : path.split('/').includes('..')
        ? 'it leads upwards'
        : undefined;
  if (why === undefined) return;
  throw new MillraceError('MILLRACE_BAD_ARCHIVE', `An entry's name is refused: ${why}`, {
    origin: { source },
    found: name,
    hint: 'Honest archives have no such names. If you trust this one, unpack it yourself, and name the file.',
  });
}

export function noFiles(origin: Origin): MillraceError {
  return new MillraceError('MILLRACE_NOT_FOUND', 'The archive holds no files', { origin });
}

export async function noSuchEntry(origin: Origin, names: readonly string[], pattern: string): Promise<MillraceError> {
  return new MillraceError('MILLRACE_NOT_FOUND', 'The archive has no such entry', {
    origin,
    expected: `one of ${await listNames(names, pattern)}`,
    found: pattern,
  });
}

/** @param count how many files there are, in words */
export async function noChoice(origin: Origin, names: readonly string[], count: string): Promise<MillraceError> {
  return new MillraceError('MILLRACE_USAGE', `The archive holds ${count}: say which one`, {
    origin,
    expected: `${origin.source}#ENTRY with one of ${await listNames(names, '')}`,
  });
}

const LONGEST_LIST = 20;

/** The names, those most like `wanted` first. */
async function listNames(names: readonly string[], wanted: string): Promise<string> {
  const { default: levenshtein } = await import('fast-levenshtein');
  const byDistance = names
    .map((name) => ({ name, distance: wanted === '' ? 0 : levenshtein.get(wanted, name) }))
    .sort((a, b) => a.distance - b.distance);
  const list = byDistance.slice(0, LONGEST_LIST).map(({ name }) => name);
  return list.length < names.length ? `${list.join(', ')} and ${names.length - list.length} more` : list.join(', ');
}
