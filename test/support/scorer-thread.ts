import { createServer } from 'node:http';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { policyByName } from '../../src/policy/registry.ts';
import { ScoreServer } from '../../src/simulation/outside/score-server.ts';
import { silentLogger } from '../../src/util/log.ts';

/** What the thread serves: one of our policies, or answers by the word, as a scorer gone wrong would give them. */
export type ScorerBehaviour =
  | { readonly kind: 'policy'; readonly name: string }
  | { readonly kind: 'answers'; readonly status: number; readonly body: string }
  | { readonly kind: 'silent' }
  | { readonly kind: 'breaks-off' };

export interface ScorerThread {
  readonly url: string;
  stop(): Promise<void>;
}

/** A scorer on a thread of its own: whoever asks blocks his own until the answer is there. */
export async function startScorerThread(behaviour: ScorerBehaviour): Promise<ScorerThread> {
  const worker = new Worker(new URL(import.meta.url), { workerData: behaviour });
  const port = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  return {
    url: `http://127.0.0.1:${port}/score`,
    stop: async () => {
      await worker.terminate();
    },
  };
}

async function serve(behaviour: ScorerBehaviour): Promise<number> {
  if (behaviour.kind === 'policy') {
    const policy = policyByName(behaviour.name, { ties: 'first' });
    const server = new ScoreServer({ host: '127.0.0.1', port: 0, policy, seed: 1, log: silentLogger });
    return (await server.start()).port;
  }
  const server = createServer((request, response) => {
    request.resume();
    if (behaviour.kind === 'silent') return;
    if (behaviour.kind === 'breaks-off') {
      response.writeHead(200, { 'Content-Length': 100 });
      response.write('{"scores"');
      setImmediate(() => response.destroy());
      return;
    }
    response.writeHead(behaviour.status, { 'Content-Type': 'application/json' });
    response.end(behaviour.body);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

if (!isMainThread && parentPort !== null) parentPort.postMessage(await serve(workerData as ScorerBehaviour));
