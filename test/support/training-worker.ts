import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { dqnProblem } from './training-problems.ts';

/** Trains a little, tells the digest of what came out, and goes on until it is ended where asked to. */
const { online, batch, update } = dqnProblem([8, 32, 32, 4], 32, 21);
for (let i = 0; i < 50; i++) update.update(batch, 1e-3, 1);
parentPort!.postMessage(createHash('sha256').update(online.parameters).digest('hex'));
while ((workerData as { forever: boolean }).forever) update.update(batch, 1e-3, 1);
