import { httpError } from './errors.ts';

/** One more would be a mistake of the server. Browsers go on to 20, curl to 30 or 50; for a file a few are many. */
const MOST_REDIRECTS = 10;

export function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

/**
 * Where a redirect leads to.
 *
 * @param here the URL that answered with it
 * @param chain all URLs up to here, the one that was asked for first
 * @throws MillraceError `MILLRACE_HTTP` for too many, for circles, and for those that lead from https to http or off the web
 */
export function nextUrl(here: string, location: string, chain: readonly string[]): string {
  const url = chain[0] as string;
  const way = (next: string) => [...chain, next].join(' -> ');
  const next = URL.canParse(location, here) ? new URL(location, here) : undefined;
  if (!next || !/^https?:$/.test(next.protocol)) {
    const expected = 'a redirect to http or https';
    throw httpError(url, 'The server points to what is no address of a file', { expected, found: way(location) });
  }
  if (new URL(here).protocol === 'https:' && next.protocol === 'http:') {
    throw httpError(url, 'The server points from https to http, where anybody could change the file on its way', {
      found: way(next.href),
      hint: 'If you trust that address, name it yourself.',
    });
  }
  if (chain.includes(next.href)) {
    throw httpError(url, 'The server points in circles', { found: way(next.href) });
  }
  if (chain.length > MOST_REDIRECTS) {
    const expected = `${MOST_REDIRECTS} redirects at most`;
    throw httpError(url, 'The server points from one address to the next', { expected, found: way(next.href) });
  }
  return next.href;
}
