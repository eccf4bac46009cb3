// A process that does nothing but watch a cluster: kubeconfig as its argument, told when to look at its memory.
import { once } from 'node:events';
import { ClusterState } from '../../../src/cluster/cluster-state.ts';
import type { Pod } from '../../../src/cluster/pod.ts';
import { ClientNodeApi } from '../../../src/kubernetes/client-node-api.ts';
import { ClusterWatcher } from '../../../src/kubernetes/cluster-watcher.ts';
import { keepHeapSmall } from '../../../src/util/heap-growth.ts';
import { seededRandom } from '../../../src/util/rng.ts';

/** What the child tells of itself. */
export interface WatchingReport {
  readonly nodes: number;
  readonly pods: number;
  readonly placed: number;
  readonly shapes: number;
  readonly peakBytes: number;
  readonly heapBytes: number;
  readonly cpuSeconds: number;
  readonly troubles: number;
}

keepHeapSmall();
const idleBytes = process.resourceUsage().maxRSS * 1024;
const api = await ClientNodeApi.fromKubeconfig({ file: process.argv[2]! });
const connectedBytes = process.resourceUsage().maxRSS * 1024;

let cluster: ClusterState | undefined;
let troubles = 0;
const index = new Map<string, number>();
const placed = new Map<string, Pod>();
const marks = new Map<string, () => void>();

const watcher = new ClusterWatcher({
  api,
  random: seededRandom(1),
  ownerSelectors: true,
  sink: {
    setNodes(nodes) {
      cluster = new ClusterState(nodes);
      nodes.forEach(({ name }, i) => {
        index.set(name, i);
      });
    },
    bound(uid, pod, node) {
      const before = placed.get(uid);
      if (before !== undefined) cluster!.remove(before);
      cluster!.place(pod, index.get(node)!);
      placed.set(uid, pod);
      marks.get(pod.name)?.();
    },
    gone(uid) {
      const before = placed.get(uid);
      if (before !== undefined) cluster!.remove(before);
      placed.delete(uid);
    },
  },
  trouble: (kind, place, error) => {
    troubles += 1;
    process.stderr.write(`${kind} ${place}: ${error instanceof Error ? error.message : String(error)}\n`);
  },
});

function report(): WatchingReport {
  const { user, system } = process.cpuUsage();
  return {
    nodes: watcher.nodeCount,
    pods: watcher.podCount,
    placed: cluster?.podCount ?? 0,
    shapes: new Set([...watcher.pods()].map(({ pod }) => pod.shape)).size,
    peakBytes: process.resourceUsage().maxRSS * 1024,
    heapBytes: process.memoryUsage().heapUsed,
    cpuSeconds: (user + system) / 1e6,
    troubles,
  };
}

process.send!({ idleBytes, connectedBytes });
watcher.start();
await watcher.synced;
process.send!(report());
for (;;) {
  const [mark] = (await once(process, 'message')) as [string | null];
  if (mark === null) break;
  await new Promise<void>((resolve) => marks.set(mark, resolve));
  process.send!(report());
}
await watcher.stop();
process.disconnect();
