import test, { type ExecutionContext } from 'ava';
import { MillraceError } from '../../../pipeline/errors.ts';
import { refuseWebPage } from '../../../stages/http/web-page.ts';

const html = 'text/html; charset=utf-8';
const page = '<!doctype html>\n<title>Log in</title> <!-- hidden --><script>let x = "<b>";</script><p>or <i>leave</i>';

function wordsOf(t: ExecutionContext, url: string, type: string | undefined, text: string): unknown {
  return t.throws(() => refuseWebPage(url, type, Buffer.from(text)), { instanceOf: MillraceError }).found;
}

test('a page is refused where the name promises an archive, whatever it is called', (t) => {
  for (const name of ['a.zip', 'a.tar.gz', 'a.ZIP', 'a.zst', 'a.tgz?x=1']) {
    for (const type of [html, 'application/zip', undefined]) {
      t.is(wordsOf(t, `https://h.org/${name}`, type, page), 'Log in or leave', name);
    }
  }
  t.is(wordsOf(t, 'https://h.org/a.zip', undefined, `\uFEFF \n<!-- x --><HTML lang=en>hi`), 'hi');
});

test('what is called a page is refused where the name promises another file', (t) => {
  t.is(wordsOf(t, 'https://h.org/a.jsonl', html, page), 'Log in or leave');
  t.is(wordsOf(t, 'https://h.org/a.txt', html, 'just words'), 'just words');
});

test('pages by name, by no name, and files that only look like it are taken', (t) => {
  const taken: [string, string | undefined, string][] = [
    ['https://h.org/index.html', html, page],
    ['https://h.org/', html, page],
    ['https://h.org/about', html, page],
    ['https://h.org/a.txt', 'text/plain', page],
    ['https://h.org/a.zip', 'application/zip', 'PK\x03\x04 <html>'],
    ['https://h.org/a.gz', undefined, ''],
  ];
  for (const [url, type, text] of taken) t.notThrows(() => refuseWebPage(url, type, Buffer.from(text)), url);
});
