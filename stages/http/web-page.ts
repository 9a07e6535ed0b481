/** Tells a web page from the file that was asked for: a login, a captive portal, an error that is sent as a success. */
import { httpError } from './errors.ts';

/** How much of a file's beginning is looked at, in bytes. */
export const PAGE_HEAD_BYTES = 4096;

/** Whether a page would be out of place: then the first bytes must be looked at. */
export function mayBeWebPage(url: string, contentType: string | undefined): boolean {
  const ending = endingOf(url);
  return archiveEndings.test(ending) || (isCalledPage(contentType) && ending !== '' && !pageEndings.test(ending));
}

/**
 * Throws for a page where the URL's name promises an archive, whatever the server calls it; and for what the server calls
 * a page where the name promises some other file. A name without an ending promises nothing.
 *
 * @param head the first {@link PAGE_HEAD_BYTES} bytes of the file, or all of them
 * @throws MillraceError `MILLRACE_HTTP`, with the page's first words
 */
export function refuseWebPage(url: string, contentType: string | undefined, head: Uint8Array): void {
  const text = Buffer.from(head).toString('utf8');
  const isPage = /^\uFEFF?\s*(?:<!--[\s\S]*?-->\s*)*(?:<!doctype html|<html[\s>])/i.test(text);
  if (!mayBeWebPage(url, contentType) || !(isPage || isCalledPage(contentType))) return;
  throw httpError(url, 'The server sends a web page instead of the file', {
    expected: `a file named as ${new URL(url).pathname.split('/').at(-1)}`,
    found: firstWords(text),
    hint: 'Open the address in a browser: it may want a login, or the file may have moved.',
  });
}

function endingOf(url: string): string {
  return /\.[a-z\d]+$/i.exec(new URL(url).pathname)?.[0].toLowerCase() ?? '';
}

function isCalledPage(contentType: string | undefined): boolean {
  return /^\s*(?:text\/html|application\/xhtml)/i.test(contentType ?? '');
}

const archiveEndings = /^\.(?:zip|gz|tgz|tar|zst|tzst|bz2|tbz2?|xz|txz|7z|rar)$/;
const pageEndings = /^\.(?:x?html?|php|aspx?|jsp|cgi)$/;

/** What a reader of the page would see first. */
function firstWords(html: string): string {
  return html
    .replace(/<(script|style)\b[\s\S]*?(?:<\/\1\s*>|$)/gi, ' ')
    .replace(/<!--[\s\S]*?(?:-->|$)/g, ' ')
    .replace(/<[^>]*(?:>|$)/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 100);
}
