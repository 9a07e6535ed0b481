/**
 * Lets Node run the project's TypeScript in tests: `node --import=./test/typescript.mjs`. Like tsx, but what was compiled
 * once is kept in `.compiled`, and no process of the hundreds that the tests start has to start a compiler too.
 */
import { register } from 'node:module';

process.setSourceMapsEnabled(true);
register('./typescript-hooks.mjs', import.meta.url);
