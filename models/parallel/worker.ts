/** What a thread of a training runs. An error here ends the thread, and the training is told why. */

import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { startEngine } from '../../engine/index.ts';
// They make the layers of our models known by their names.
import '../architectures.ts';
import { Replica, type Shard } from './replica.ts';
import type { ThreadData } from './thread.ts';

const { engine, ...beginning } = workerData as ThreadData;
const port = parentPort as MessagePort;
await startEngine(engine);
const replica = new Replica(beginning);
port.on('message', async (shard: Shard) => port.postMessage(await replica.run(shard)));
