import { readFileSync } from 'node:fs';

/** Our version, from the package.json nearest above: above this folder in the repository, above `dist/` when built. */
export const version: string = readVersion();

function readVersion(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
      if (name === 'millrace') return version;
    } catch {}
  }
  return 'unknown';
}
