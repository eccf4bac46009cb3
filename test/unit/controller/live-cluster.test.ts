import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ClusterState } from '../../../src/cluster/cluster-state.ts';
import { LiveCluster } from '../../../src/controller/live-cluster.ts';
import { constraintFilter } from '../../../src/policy/kube/constraint-filter.ts';
import { podOf, server, serverTypes } from '../../support/random-cluster.ts';

const [{ cpuMilli }] = serverTypes as [(typeof serverTypes)[number]];
const nodes = [server('a', 0), server('b', 1)];

function live(): { book: LiveCluster; cluster: () => ClusterState } {
  const book = new LiveCluster();
  book.setNodes(nodes);
  return { book, cluster: () => book.cluster! };
}

test('an assumption holds room until it is taken back', () => {
  const { book, cluster } = live();
  book.assume('u', podOf(0), 0, undefined);
  assert.equal(cluster().freeCpu[0], cpuMilli - 2000);
  book.forget('u');
  assert.equal(cluster().freeCpu[0], cpuMilli);
  book.forget('u');
});

test('what the watch sees takes the place of what was assumed', () => {
  const { book, cluster } = live();
  const pod = podOf(0);
  book.assume('u', pod, 0, undefined);
  book.bound('u', pod, 'b');
  assert.equal(cluster().freeCpu[0], cpuMilli);
  assert.equal(cluster().nodeOf(0), 1);
  book.forget('u');
  assert.equal(cluster().nodeOf(0), 1);
  book.assume('u', pod, 0, undefined);
  assert.equal(cluster().nodeOf(0), 1);
});

test('a pod that is bound where it does not fit is booked all the same, and leaves nothing behind', () => {
  const { book, cluster } = live();
  const big = podOf(0, { cpuMilli: cpuMilli - 1000 });
  book.bound('big', big, 'a');
  const second = podOf(1, { cpuMilli: 3000 });
  book.bound('second', second, 'a');
  assert.equal(cluster().freeCpu[0], -2000);
  assert.equal(cluster().residents[0]?.count, 2);
  book.gone('big');
  book.gone('second');
  assert.equal(cluster().freeCpu[0], cpuMilli);
  assert.equal(cluster().freePods[0], 110);
  assert.equal(cluster().predictedUse[0], 0);
});

test('pods are there again after a rebuild, those of a node that is gone count nowhere and come back with it', () => {
  const { book, cluster } = live();
  book.bound('u0', podOf(0), 'a');
  book.bound('u1', podOf(1), 'b');
  book.setNodes([nodes[1]!]);
  assert.equal(cluster().podCount, 1);
  book.setNodes([nodes[1]!, nodes[0]!]);
  assert.equal(cluster().nodeOf(0), 1);
  assert.equal(cluster().nodeOf(1), 0);
  book.setNodes([]);
  assert.equal(book.cluster, undefined);
  book.gone('u1');
  book.setNodes(nodes);
  assert.equal(cluster().podCount, 1);
});

test('GPUs are taken as decided, and any that are free where nobody tells', () => {
  const book = new LiveCluster();
  book.setNodes([{ ...server('g', 0), gpus: { count: 2, model: 'T4', power: undefined } }]);
  const wants = { gpu: { count: 1, milliEach: 1000, models: [] } };
  book.assume('u0', podOf(0, wants), 0, Int32Array.of(1));
  assert.deepEqual([...book.cluster!.gpusOf(0)!], [1]);
  book.bound('u1', podOf(1, wants), 'g');
  assert.deepEqual([...book.cluster!.gpusOf(1)!], [0]);
  book.bound('u2', podOf(2, wants), 'g');
  assert.equal(book.cluster!.freeGpuMilli[0], 0);
  book.gone('u0');
  assert.equal(book.cluster!.freeGpuMilli[0], 1000);
});

test('whatever happens the columns are the sum of what is booked, and observers hear of it all', () => {
  const event = fc.record({
    kind: fc.constantFrom('assume', 'forget', 'bound', 'gone', 'nodes'),
    id: fc.integer({ min: 0, max: 7 }),
    node: fc.integer({ min: 0, max: 1 }),
    size: fc.integer({ min: 1, max: 40 }),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 80 }), (events) => {
      const { book, cluster } = live();
      const pods = Array.from({ length: 8 }, (_, id) => podOf(id, { cpuMilli: 1000 * (1 + id * 4) }));
      const seen = new Map<number, number>();
      // A real observer throws where it is told of a pod twice.
      let filter = constraintFilter(cluster());
      book.observe({
        rebuilt: (fresh) => {
          filter = constraintFilter(fresh);
          seen.clear();
        },
        placed: (pod, node) => {
          filter.placed(pod, node);
          seen.set(pod.id, node);
        },
        removed: (pod, node) => {
          assert.equal(seen.get(pod.id), node);
          filter.removed(pod, node);
          seen.delete(pod.id);
        },
      });
      for (const { kind, id, node } of events) {
        const uid = `u${id}`;
        if (kind === 'assume') book.assume(uid, pods[id]!, node, undefined);
        else if (kind === 'forget') book.forget(uid);
        else if (kind === 'bound') book.bound(uid, pods[id]!, nodes[node]!.name);
        else if (kind === 'gone') book.gone(uid);
        else book.setNodes([...nodes]);
        for (let n = 0; n < 2; n++) {
          const there = [...seen].filter(([, at]) => at === n).map(([podId]) => pods[podId]!);
          const used = there.reduce((sum, pod) => sum + pod.cpuMilli, 0);
          assert.equal(cluster().cpuCapacity[n]! - cluster().freeCpu[n]!, used);
          assert.equal(cluster().podCapacity[n]! - cluster().freePods[n]!, there.length);
          assert.equal(cluster().residents[n]!.count, there.length);
        }
      }
    }),
  );
});
