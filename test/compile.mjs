/** Compiles what is not compiled yet, so that the tests, which run side by side, find it done. */
import { compile, isFresh, ours } from './typescript-files.mjs';

const stale = [];
for await (const path of ours()) if (!(await isFresh(path))) stale.push(path);
await compile(stale);
