/** Examines all operations on one engine in a process of its own, and answers over the channel. */

import type { EngineName } from '../../engine/index.ts';
import { examine } from './operators/index.ts';

const found = await examine(process.argv[2] as EngineName);
process.send?.(found, () => process.disconnect());
