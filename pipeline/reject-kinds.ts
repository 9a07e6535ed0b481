import type { MillraceError } from './errors.ts';

/**
 * The rule that a bad record broke, in words that are the same for all that broke it: the error's summary as a clause,
 * without what it says in brackets at the end.
 */
export function kindOf({ summary }: MillraceError): string {
  const rule = summary.replace(/ \(.*\)$/s, '');
  return rule.replace(/^[A-Z](?=[a-z]* )/, (first) => first.toLowerCase());
}
