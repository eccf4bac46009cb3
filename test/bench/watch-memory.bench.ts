import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench } from './bench.ts';
import { BigClusterServer } from './support/big-cluster-server.ts';
import type { WatchingReport } from './support/watching-child.ts';

const MEBI = 2 ** 20;

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * A process of its own, started as `scripts/kisimd` starts the program, watches a big cluster; the greatest memory that it
 * ever had counts.
 */
export const watchMemoryBench: Bench = {
  name: 'watch-memory',
  what: 'memory of a process that watches 5,000 nodes, 50,000 pods, 500 Services and 8,000 ReplicaSets',
  async run({ quick, progress }) {
    const size = quick ? { nodes: 100, pods: 1000 } : { nodes: 5000, pods: 50_000 };
    const changes = quick ? 500 : 20_000;
    const server = new BigClusterServer(size);
    const url = await server.listen();
    const folder = mkdtempSync(join(tmpdir(), 'kisimd-watch-'));
    const kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(kubeconfig, kubeconfigOf(url));
    const child = fork(fileURLToPath(new URL('support/watching-child.ts', import.meta.url)), [kubeconfig], {
      execArgv: readFileSync(join(root, 'scripts', 'node-flags'), 'utf8')
        .trim()
        .split(/\s+/),
      env: {
        ...process.env,
        MALLOC_ARENA_MAX: '1',
        NODE_COMPILE_CACHE: join(root, 'build', 'compile-cache'),
      },
    });
    try {
      const { idleBytes, connectedBytes } = await told<{ idleBytes: number; connectedBytes: number }>(child);
      progress(`${size.nodes} nodes and ${size.pods} pods are listed`);
      const listed = await told<WatchingReport>(child);
      const listedMebi = server.bytes / MEBI;
      progress(`${changes} changes of status, ${changes} pods replaced`);
      const asked = told<WatchingReport>(child);
      child.send('done');
      await server.change(changes, false);
      await server.change(changes, true);
      server.mark('done');
      const changed = await asked;
      if (listed.placed !== size.pods || changed.placed !== size.pods + 1 || changed.troubles > 0)
        throw new Error(`not all was watched: ${JSON.stringify({ listed, changed })}`);
      child.send(null as unknown as string);
      await once(child, 'exit');
      const control = { what: 'the JSON of the lists, MiB', value: listedMebi };
      return {
        figures: [
          {
            what: 'greatest resident memory: lists, and changes after them',
            value: changed.peakBytes / MEBI,
            unit: 'MiB',
            goal: 400e6 / MEBI,
            direction: 'at-most',
            control,
          },
        ],
        seeds: [],
        details: {
          nodes: size.nodes,
          pods: size.pods,
          'kinds of pods': changed.shapes,
          'changes watched': changes * 3,
          'Node.js alone, MiB': idleBytes / MEBI,
          'with the client loaded, MiB': connectedBytes / MEBI,
          'after the lists, greatest, MiB': listed.peakBytes / MEBI,
          'heap in use at the end, MiB': changed.heapBytes / MEBI,
          'CPU seconds until listed': listed.cpuSeconds,
          'CPU milliseconds a change': ((changed.cpuSeconds - listed.cpuSeconds) * 1000) / (changes * 3),
        },
      };
    } finally {
      if (child.exitCode === null) child.kill();
      rmSync(folder, { recursive: true });
      await server.close();
    }
  },
};

function kubeconfigOf(server: string): string {
  return JSON.stringify({
    clusters: [{ name: 'big', cluster: { server } }],
    users: [{ name: 'watcher', user: {} }],
    contexts: [{ name: 'big', context: { cluster: 'big', user: 'watcher' } }],
    'current-context': 'big',
  });
}

/** The next message of the child; rejects where it ends instead. */
async function told<T>(child: ChildProcess): Promise<T> {
  const ended = new AbortController();
  const { signal } = ended;
  try {
    return await Promise.race([
      once(child, 'message', { signal }).then(([message]) => message as T),
      once(child, 'exit', { signal }).then(([status]) => {
        throw new Error(`the watching process has ended with status ${String(status)}`);
      }),
    ]);
  } finally {
    ended.abort();
  }
}
