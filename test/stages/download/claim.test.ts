import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { Claim } from '../../../stages/download/claim.ts';
import { temporaryFolder, until } from '../files.ts';

test('of many that want it one holds it at a time, and each gets it', async (t) => {
  const wanted = join(await temporaryFolder(t), 'file');
  let held = 0;
  let most = 0;
  const work = async () => {
    const claim = await Claim.take(wanted);
    most = Math.max(most, ++held);
    await sleep(5);
    held--;
    await claim.release();
  };
  await Promise.all(Array.from({ length: 12 }, work));
  t.is(most, 1);
  t.deepEqual(await readdir(join(wanted, '..')), []);
});

test('who waits is told so, and that he did', async (t) => {
  const wanted = join(await temporaryFolder(t), 'file');
  const first = await Claim.take(wanted);
  t.false(first.waited);
  let told = 0;
  const second = Claim.take(wanted, { onWait: () => told++ });
  await until(() => told === 1);
  await first.release();
  t.true((await second).waited);
  await (await second).release();
  t.is(told, 1);
});

test('files whose names begin alike are not the same file', async (t) => {
  const folder = await temporaryFolder(t);
  const claims = await Promise.all(['a', 'a.b', 'a.b.claim', 'b'].map((name) => Claim.take(join(folder, name))));
  t.false(claims.some(({ waited }) => waited));
  for (const claim of claims) await claim.release();
});

test('a dead process of this machine holds nothing', async (t) => {
  const wanted = join(await temporaryFolder(t), 'file');
  const own = await Claim.take(wanted);
  const [name] = (await readdir(join(wanted, '..'))) as [string];
  await own.release();
  // No process can have this number.
  await writeFile(join(wanted, '..', name.replace(`-${process.pid}-`, `-${2 ** 31 - 1}-`)), '');
  const claim = await Claim.take(wanted, { onWait: () => t.fail('the dead are not waited for') });
  await claim.release();
  t.deepEqual(await readdir(join(wanted, '..')), []);
});

test('who is on another machine holds it as long as he shows that he lives', async (t) => {
  const wanted = join(await temporaryFolder(t), 'file');
  const foreign = `${wanted}.00000000-1-0.claim`;
  await writeFile(foreign, '');
  let clock = 1e9;
  const living = setInterval(() => void utimes(foreign, clock, clock++), 5);
  t.teardown(() => clearInterval(living));
  const taken = { it: false };
  const taking = Claim.take(wanted, { staleMs: 600 }).then((claim) => {
    taken.it = true;
    return claim;
  });
  const start = clock;
  await until(() => clock > start + 100);
  t.false(taken.it);
  clearInterval(living);
  await (await taking).release();
  t.deepEqual(await readdir(join(wanted, '..')), []);
});
