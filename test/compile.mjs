/** Compiles what is not compiled yet, so that the tests, which run side by side, find it done. */
import { compileAll } from './typescript-files.mjs';

await compileAll();
