import { randomBytes } from 'node:crypto';
import test from 'ava';
import { MillraceError } from '../../../pipeline/errors.ts';
import { download } from '../../../stages/download.ts';
import { onFaultyDisk } from '../../faults/faulty-disk.ts';
import { temporaryFolder } from '../files.ts';
import { serveFile } from '../hostile-server.ts';

// What becomes of the files is tested in test/faults/downloads.test.ts.

test.serial('a full disk is told of as such, and what has arrived is kept', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const payload = randomBytes(1_300_000);
  const { base } = await serveFile(t, () => ({ bytes: payload, etag: '"1"' }));
  const messages: string[] = [];
  for (let number = 0, struck = true; struck; number++) {
    const work = async () =>
      void (await download(`${base}${number}`, { cacheDir, patience: { pauseMs: 1, tries: 2 } }));
    const outcome = await onFaultyDisk(cacheDir, { number, fault: 'ENOSPC' }, work);
    ({ struck } = outcome);
    if (outcome.error instanceof MillraceError) messages.push(outcome.error.message);
  }
  t.true(messages.length > 5);
  t.true(
    messages.some((message) => /no room for the download in the cache folder; what has arrived is kept/.test(message)),
  );
});
