/**
 * A GPU for machines without one: SwiftShader, which does a GPU's work on the processor, as it comes inside
 * `@sparticuz/chromium` for Linux on x64.
 */

import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';

const cache = fileURLToPath(new URL('../../.cache', import.meta.url));

/** What a process must have in its environment to see that GPU; undefined where it cannot run. */
export async function softwareGpu(): Promise<NodeJS.ProcessEnv | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  const folder = join(cache, 'swiftshader');
  if (!(await exists(folder))) await unpack(folder);
  return {
    ...process.env,
    // Its own loader of Vulkan, which finds drivers by this list and no others.
    LD_LIBRARY_PATH: folder,
    VK_ICD_FILENAMES: join(folder, 'vk_swiftshader_icd.json'),
  };
}

async function unpack(folder: string): Promise<void> {
  const chromium = dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium'));
  const packed = await readFile(join(chromium, '../../bin/swiftshader.tar.br'));
  await mkdir(cache, { recursive: true });
  const beside = await mkdtemp(join(cache, 'swiftshader-'));
  for (const { name, bytes } of entries(await promisify(brotliDecompress)(packed))) {
    await writeFile(join(beside, name), bytes);
  }
  // Tests run side by side: whoever is first has unpacked it.
  await rename(beside, folder).catch(async (error: NodeJS.ErrnoException) => {
    await rm(beside, { recursive: true });
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
}

/** The files of a tar archive without folders: each a header of 512 bytes, then its bytes, filled up to whole 512s. */
function* entries(tar: Buffer): Generator<{ name: string; bytes: Buffer }> {
  const text = (at: number, length: number): string => tar.toString('latin1', at, at + length).replace(/\0.*/s, '');
  for (let at = 0; at < tar.length && tar[at] !== 0; ) {
    const length = Number.parseInt(text(at + 124, 12), 8);
    yield { name: text(at, 100), bytes: tar.subarray(at + 512, at + 512 + length) };
    at += 512 + 512 * Math.ceil(length / 512);
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
