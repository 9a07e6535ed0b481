import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { Progress } from '../../commands/progress.ts';

/** What is written to stderr from now to the end of the test. */
function watchStderr(t: ExecutionContext, { isTTY }: { isTTY: boolean }): { text: string } {
  const { stderr } = process;
  const before = { isTTY: stderr.isTTY, write: stderr.write };
  t.teardown(() => Object.assign(stderr, before));
  const written = { text: '' };
  const write = (text: string | Uint8Array) => {
    written.text += text;
    return true;
  };
  Object.assign(stderr, { isTTY, write });
  return written;
}

const url = 'https://example.org/corpora/corpus.zip';

test.serial('nothing is drawn where nobody looks', (t) => {
  const written = watchStderr(t, { isTTY: false });
  const progress = new Progress();
  progress.download({ url, received: 10, total: 20 });
  const bar = progress.steps(10, '{value}/{total}');
  bar.update(5);
  bar.stop();
  progress.stop();
  t.is(written.text, '');
});

test.serial('a terminal sees how far downloads and steps are, and is left alone after the last', async (t) => {
  const written = watchStderr(t, { isTTY: true });
  const progress = new Progress();
  progress.download({ url, received: 1_500_000, total: 6_000_000 });
  progress.download({ url: 'https://example.org/other.zip', received: 2_000_000 });
  const bar = progress.steps(200, 'epoch 3 {value}/{total} pairs, loss {loss}');
  bar.update(64, { loss: '0.693' });
  // Bars are drawn ten times a second.
  while (!written.text.includes('loss 0.693')) await sleep(10);
  t.regex(written.text, /corpus\.zip [^\n]* 1\.5\/6 MB/);
  t.regex(written.text, /other\.zip 2 MB/);
  t.regex(written.text, /epoch 3 64\/200 pairs, loss 0\.693/);
  progress.stop();

  progress.download({ url: `${url}?again`, received: 6_000_000, total: 6_000_000 });
  const { length } = written.text;
  await sleep(250);
  t.is(written.text.length, length, 'drawn to when there was nothing to draw');
});

test.serial('who waits for another process is told so, at a terminal or not', (t) => {
  const written = watchStderr(t, { isTTY: false });
  new Progress().download({ url, received: 0, waiting: true });
  t.is(written.text, `${url} is being fetched by another process: waiting for it\n`);
});
