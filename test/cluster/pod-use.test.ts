import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { podDelta } from '../../src/attribution/guest-split.ts';
import type { NodeUse, PodUse } from '../../src/attribution/node-use.ts';
import { ClientNodeApi } from '../../src/kubernetes/client-node-api.ts';
import { matchNodes } from '../../src/kubernetes/energy/match-nodes.ts';
import { ModelledCounters } from '../../src/kubernetes/energy/modelled-counters.ts';
import { NodeIdentities } from '../../src/kubernetes/energy/node-identity.ts';
import { PodUseReader } from '../../src/kubernetes/energy/pod-use.ts';
import { LinearCurve } from '../../src/power-model/linear-curve.ts';
import { systemClock } from '../../src/util/clock.ts';
import { type Logger, silentLogger } from '../../src/util/log.ts';
import { seededRandom } from '../../src/util/rng.ts';
import { systemSleep } from '../../src/util/sleep.ts';
import { Cleanups } from '../system/support/cleanups.ts';
import { waitFor } from '../system/support/wait-for.ts';
import { noRealNodes } from './support/in-namespace.ts';
import { isReady, RealCluster, type RealPod } from './support/kubelet/real-cluster.ts';
import { deployment } from './support/kubelet/workloads.ts';

describe('what real kubelets tell of the use of pods', { skip: noRealNodes }, () => {
  const cleanups = new Cleanups();
  let cluster: RealCluster;
  let api: ClientNodeApi;
  const uses: NodeUse[] = [];
  const troubles: string[] = [];
  const log: Logger = { ...silentLogger, warn: (event) => void troubles.push(event) };
  const modelled = new ModelledCounters({
    nodes: () =>
      ['node1', 'node2'].map((name) => ({
        name,
        cpuMilli: 2000,
        power: new LinearCurve(50, 100, 'synthetic'),
      })),
    clock: systemClock,
  });

  before(async () => {
    cluster = await RealCluster.start(cleanups);
    api = await ClientNodeApi.fromKubeconfig({ file: cluster.plane.kubeconfig });
    cleanups.add('client', () => api.close());
    // The first process of a container heeds only signals that it has a handler for.
    const busy = 'trap "exit 1" TERM; while :; do i=$((i+1)); done';
    cluster.apply(
      deployment('default', 'busy', 1, { script: busy }),
      deployment('default', 'idle', 1, { script: 'exec sleep 3600' }),
    );
    for (const name of ['busy', 'idle']) await cluster.pods('default', `app=${name}`, 1, isReady);
    const reader = new PodUseReader({
      api,
      mode: 'auto',
      hasMetrics: false,
      nodes: () => ['node1', 'node2'],
      wantsPods: () => true,
      podPlace: () => undefined,
      sinks: [{ take: (use) => void uses.push(use) }, modelled],
      clock: systemClock,
      random: seededRandom(1),
      sleep: systemSleep,
      log,
    });
    reader.start();
    cleanups.add('reader', () => reader.stop());
  });
  after(() => cleanups.run());

  function readings(name: string): readonly { readonly use: NodeUse; readonly pod: PodUse }[] {
    return uses.flatMap((use) =>
      use.pods.flatMap((pod) => (pod.name.startsWith(`${name}-`) ? [{ use, pod }] : [])),
    );
  }

  test('a busy pod, an idle one and their nodes are counted, under the uids of the API server', async () => {
    const counted = () =>
      ['busy', 'idle'].every(
        (name) => new Set(readings(name).map(({ pod }) => pod.cpu?.unixMilliseconds)).size >= 2,
      );
    await waitFor('two counts of both pods', 60, counted);
    assert.deepEqual(troubles, []);
    const perSecond: Record<string, number> = {};
    for (const name of ['busy', 'idle']) {
      const [{ metadata }] = (await cluster.podsNow('default', `app=${name}`)) as readonly [RealPod];
      const found = readings(name);
      const [first, last] = [found[0]!, found.at(-1)!];
      assert.equal(first.pod.uid, metadata.uid);
      assert.equal(first.pod.namespace, 'default');
      const seconds = (last.pod.cpu!.unixMilliseconds - first.pod.cpu!.unixMilliseconds) / 1000;
      perSecond[name] = podDelta(first.pod, last.pod)! / 1e9 / seconds;
      for (const { use, pod } of found) {
        const age = use.receivedUnixMilliseconds - pod.cpu!.unixMilliseconds;
        assert(age > -1000 && age < 25_000, `${name} was counted ${age} ms ago`);
        assert(pod.containers.length >= 1 && pod.startUnixMilliseconds !== undefined);
        assert(use.cpu!.cpuNanoseconds > pod.cpu!.cpuNanoseconds);
      }
    }
    // The machine is shared, and counts are told to the second.
    assert(perSecond['busy']! > 0.1 && perSecond['busy']! < 1.3, String(perSecond['busy']));
    assert(perSecond['idle']! < 0.05, String(perSecond['idle']));
  });

  test('a pod whose container was ended goes on counting', async () => {
    const [before] = readings('busy').slice(-1);
    const [{ metadata }] = (await cluster.podsNow('default', 'app=busy')) as readonly [RealPod];
    cluster.kubectl('exec', metadata.name, '--', 'sh', '-c', 'kill -TERM 1');
    const restarted = (pod: PodUse) =>
      pod.containers[0]?.startUnixMilliseconds !== before!.pod.containers[0]?.startUnixMilliseconds;
    await waitFor('the new container', 60, () => readings('busy').some(({ pod }) => restarted(pod)));
    const after = readings('busy').find(({ pod }) => restarted(pod))!;
    assert(after.pod.cpu!.cpuNanoseconds >= before!.pod.cpu!.cpuNanoseconds);
  });

  test('from the use comes the energy by a curve', async () => {
    const { nodes, missing } = await modelled.read();
    assert.deepEqual([...missing], []);
    for (const { joules, source } of nodes.values()) {
      assert.equal(source, 'modelled');
      assert(joules > 0);
    }
  });

  test("both run on this host's kernel, and that is what is said of them", async () => {
    const identities = new NodeIdentities({
      api,
      random: seededRandom(2),
      trouble: (_, error) => assert.fail(String(error)),
    });
    identities.start();
    cleanups.add('identities', () => identities.stop());
    assert.equal(await identities.synced, true);
    const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const { host, reasons } = matchNodes(
      identities.all,
      { names: [], machineId: '', bootId, addresses: [] },
      [],
    );
    assert.equal(host, undefined);
    assert.match(reasons.get('node1') ?? '', /shares this host's kernel with node2/);
  });
});
