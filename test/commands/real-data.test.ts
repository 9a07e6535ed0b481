import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EpochRecord } from '../../models/index.ts';
import { realData, testOnReal } from '../real-data.ts';
import { temporaryFolder } from '../stages/files.ts';
import { serve } from '../stages/server.ts';
import { cli, rowsOf } from './run-cli.ts';

testOnReal('snli', 'SNLI and GloVe, downloaded, train a model that is evaluated on dev', async (t, snli) => {
  const { glove } = realData;
  if (glove === undefined) {
    t.log('skipped, since the real glove data is not there');
    t.pass();
    return;
  }
  const archives = new Map(
    await Promise.all(
      Object.entries({ '/snli_1.0.zip': snli, '/glove.6B.zip': glove }).map(
        async ([name, path]) => [name, await readFile(path)] as const,
      ),
    ),
  );
  const { base, requests } = await serve(t, (request, response) => {
    const archive = archives.get(request.url ?? '');
    response.statusCode = archive ? 200 : 404;
    response.end(archive);
  });
  const folder = await temporaryFolder(t);
  const options = { cwd: folder, env: { MILLRACE_MIRROR: base, MILLRACE_CACHE: join(folder, 'cache') } };

  const train = ['train', 'simple-rnn', '--train', 'snli:train', '--dev', 'snli:dev', '--glove', 'glove:6B.100d'];
  const limits = ['--limit', '300', '--epochs', '1', '--hidden-size', '16', '--out', 'run'];
  const trained = await cli(t, [...train, ...limits], options);
  t.is(trained.code, 0, trained.stderr);
  const [, found, words] = /\nvectors for (\d+) of (\d+) words/.exec(trained.stderr) ?? [];
  t.true(Number(found) / Number(words) > 0.9, trained.stderr);
  // Whether it gives parts is asked of the server first, once for each archive. This one does not.
  t.is(requests.filter(({ range }) => range === undefined).length, 2, 'each archive is downloaded once');
  t.is(requests.length, 4);
  const epoch = rowsOf(await readFile(join(folder, 'run', 'metrics.jsonl'), 'utf8')).at(-1) as unknown as EpochRecord;
  t.true(epoch.devAccuracy! > 0.25 && epoch.devAccuracy! < 1);

  const evaluated = await cli(t, ['evaluate', 'run', 'snli:dev', '--limit', '300', '--json'], options);
  t.is(evaluated.code, 0, evaluated.stderr);
  const { examples, accuracy, loss, perClass } = JSON.parse(evaluated.stdout);
  t.is(examples, 300);
  t.true(accuracy >= 0 && accuracy <= 1 && Number.isFinite(loss));
  for (const figures of Object.values<Record<string, number>>(perClass)) {
    for (const share of [figures.precision, figures.recall, figures.f1]) t.true(share! >= 0 && share! <= 1);
  }
  t.log(`accuracy ${accuracy.toFixed(4)}, loss ${loss.toFixed(4)} on ${examples} pairs of dev`);
});
