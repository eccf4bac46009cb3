import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Adviser } from '../../src/kubernetes/adviser.ts';
import type { ApiDeployment, ApiJob, ApiNode, ApiPod } from '../../src/kubernetes/api-objects.ts';
import { Actor, type FreeResult } from '../../src/kubernetes/bind-decision.ts';
import { EventRecorder } from '../../src/kubernetes/event-recorder.ts';
import { isGated } from '../../src/kubernetes/gated-pod-patch.ts';
import { LeaderElector } from '../../src/kubernetes/lease.ts';
import { gateWebhook } from '../../src/kubernetes/manifests/gate-webhook.ts';
import { objectPath } from '../../src/kubernetes/manifests/setup-objects.ts';
import {
  DEFAULT_NAMESPACE,
  JOB_LABEL,
  JOB_LABEL_VALUE,
  LEASE_NAME,
  OPT_IN_LABEL,
  OPT_IN_VALUE,
  PLACEMENT_GATE,
  SKIP_LABEL,
} from '../../src/kubernetes/names.ts';
import { serverFeatures } from '../../src/kubernetes/server-features.ts';
import { systemClock } from '../../src/util/clock.ts';
import { silentLogger } from '../../src/util/log.ts';
import { seededRandom } from '../../src/util/rng.ts';
import { systemSleep } from '../../src/util/sleep.ts';
import { Cleanups } from '../system/support/cleanups.ts';
import { waitFor } from '../system/support/wait-for.ts';
import { ActingCluster, TEAM } from './support/acting-cluster.ts';
import { outsideNamespace } from './support/in-namespace.ts';
import { parent } from './support/install-program.ts';

const random = seededRandom(1);

describe('acting on the real API server', { skip: outsideNamespace }, () => {
  const cleanups = new Cleanups();
  let cluster: ActingCluster;
  let actor: Actor;
  let adviser: Adviser;

  before(async () => {
    cluster = await ActingCluster.start(cleanups);
    cluster.plane.startScheduler().output.resume();
    await cluster.plane.startControllerManager();
    const writes = { api: cluster.api, sleep: systemSleep, random, stillLeader: () => true };
    actor = new Actor({ ...writes, decidedBy: () => 'host-1#1' });
    adviser = new Adviser(writes);
  });
  after(() => cleanups.run());

  test('the server gates pods by itself', async () => {
    const { gatesBy, jobTemplates, kueue, version } = await serverFeatures(cluster.api);
    assert.deepEqual([gatesBy, jobTemplates, kueue], ['policy', 'suspended', false]);
    assert.equal(version.minor, 36);
  });

  describe('the policy that sets the gate', () => {
    test('gates a pod beside the gates that it has', async () => {
      const theirs = { name: 'example.com/wait' };
      const pod = await cluster.pod({ schedulingGates: [theirs] });
      const names = pod.spec?.schedulingGates?.map(({ name }) => name).sort();
      assert.deepEqual(names, ['example.com/wait', PLACEMENT_GATE]);
    });

    test('leaves a pod with our gate as it is', async () => {
      const gate = { name: PLACEMENT_GATE };
      assert.deepEqual((await cluster.pod({ schedulingGates: [gate] })).spec?.schedulingGates, [gate]);
    });

    const owner = (kind: string) => ({
      ownerReferences: [{ apiVersion: 'apps/v1', kind, name: 'a', uid: '1' }],
    });
    const left: Readonly<Record<string, readonly [spec: object, metadata: object]>> = {
      'with the skip label': [{}, { labels: { [SKIP_LABEL]: 'job' } }],
      'with a node': [{ nodeName: 'n1' }, {}],
      'of a DaemonSet': [{}, owner('DaemonSet')],
      'of another scheduler': [{ schedulerName: 'mine' }, {}],
    };
    for (const [what, [spec, metadata]] of Object.entries(left)) {
      test(`leaves one ${what}`, async () => {
        const pod = await cluster.pod({ ...spec }, { ...metadata });
        assert(!isGated(pod));
      });
    }

    test('gates one of a ReplicaSet', async () => {
      assert(isGated(await cluster.pod({}, owner('ReplicaSet'))));
    });

    test('leaves namespaces that are not opted in, the own one and those of the system', async () => {
      await cluster.namespace('other');
      for (const name of ['kube-system', DEFAULT_NAMESPACE]) {
        const response = await cluster.admin.request({
          method: 'PATCH',
          path: `/api/v1/namespaces/${name}`,
          patchType: 'merge',
          body: { metadata: { labels: { [OPT_IN_LABEL]: OPT_IN_VALUE } } },
        });
        assert.equal(response.status, 200);
      }
      for (const name of ['other', 'kube-system', DEFAULT_NAMESPACE])
        assert(!isGated(await cluster.pod({}, {}, name)), name);
    });

    test('has a webhook for older servers that the server takes', async () => {
      const webhook = gateWebhook({
        namespace: DEFAULT_NAMESPACE,
        address: { url: 'https://127.0.0.1:1/gate' },
        authority: '-----BEGIN CERTIFICATE-----',
      });
      const path = objectPath(webhook);
      const made = await cluster.admin.request({ method: 'POST', path: parent(path), body: webhook });
      assert.equal(made.status, 201, JSON.stringify(made.body));
      // Nobody listens there: a pod that it would be asked for is made all the same.
      await cluster.pod();
      assert.equal((await cluster.admin.request({ method: 'DELETE', path })).status, 200);
    });
  });

  describe('a gated pod', () => {
    const numbered = (...values: string[]) => ({
      matchExpressions: [{ key: 'number', operator: 'In', values }],
    });
    const requiring = (...nodeSelectorTerms: object[]) => ({
      affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
    });

    test('runs where it was preferred', async () => {
      for (const node of ['n2', 'n3', 'n1']) {
        const pod = await cluster.pod();
        const result = await actor.freePod(pod, { node, strength: 'preferred' });
        assert.deepEqual(result, { outcome: 'placed', node, attempts: 1 });
        assert.equal(await cluster.boundNode(pod), node);
      }
    });

    test('runs where it was required, beside the terms of its own', async () => {
      const pod = await cluster.pod(requiring(numbered('1', '3'), numbered('2')));
      await actor.freePod(pod, { node: 'n3', strength: 'required' });
      assert.equal(await cluster.boundNode(pod), 'n3');
    });

    test('keeps the required terms that are empty of ours', async () => {
      const pod = await cluster.pod(requiring({}, numbered('2')));
      const result = await actor.freePod(pod, { node: 'n2', strength: 'required' });
      assert.equal(result.outcome, 'placed');
      assert.equal(await cluster.boundNode(pod), 'n2');
    });

    test('whose own fields name a node gets ours behind them', async () => {
      const fields = { matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: ['n1'] }] };
      const pod = await cluster.pod(requiring(fields));
      assert.equal((await actor.freePod(pod, { node: 'n3', strength: 'required' })).outcome, 'placed');
      assert.equal(await cluster.boundNode(pod), 'n3');
    });

    test('is freed unmodified', async () => {
      const pod = await cluster.pod();
      const result = await actor.freePod(pod, undefined);
      assert.deepEqual(result, { outcome: 'unmodified', why: 'no-choice', attempts: 1 });
      await cluster.boundNode(pod);
    });

    test('that changed meanwhile is read again', async () => {
      const pod = await cluster.pod();
      const path = `/api/v1/namespaces/${TEAM}/pods/${pod.metadata!.name}`;
      const body = { metadata: { labels: { touched: 'yes' } } };
      await cluster.admin.request({ method: 'PATCH', path, patchType: 'merge', body });
      const result = await actor.freePod(pod, { node: 'n1', strength: 'preferred' });
      assert.deepEqual(result, { outcome: 'placed', node: 'n1', attempts: 2 });
      assert.equal((await cluster.read<ApiPod>(path)).metadata?.labels?.['touched'], 'yes');
    });

    test('whose choice the server refuses is freed as it was', async () => {
      const pod = await cluster.pod();
      const result = await actor.freePod(pod, { node: 'not a name!', strength: 'required' });
      assert.deepEqual(result, { outcome: 'unmodified', why: 'refused', attempts: 2 });
      await cluster.boundNode(pod);
    });

    test('that two would place at once is placed by one', async () => {
      const pod = await cluster.pod();
      const results = await Promise.all(
        ['n1', 'n2', 'n3'].map((node, i) => {
          const other = new Actor({
            api: cluster.api,
            sleep: systemSleep,
            random,
            stillLeader: () => true,
            decidedBy: () => `host-${i}#${i}`,
          });
          return other.freePod(pod, { node, strength: 'preferred' });
        }),
      );
      const placed = results.filter(
        (result): result is FreeResult & { outcome: 'placed' } => result.outcome === 'placed',
      );
      assert.equal(placed.length, 1);
      assert.equal(results.filter(({ outcome }) => outcome === 'already-free').length, 2);
      assert.equal(await cluster.boundNode(pod), placed[0]!.node);
    });

    test('that is gone is told as gone', async () => {
      const pod = await cluster.pod();
      const path = `/api/v1/namespaces/${TEAM}/pods/${pod.metadata!.name}`;
      await cluster.admin.request({ method: 'DELETE', path });
      assert.equal((await actor.freePod(pod, undefined)).outcome, 'gone');
    });
  });

  test('a suspended Job is placed and started, and its pods are not gated again', async () => {
    const path = `/apis/batch/v1/namespaces/${TEAM}/jobs`;
    const job = (await cluster.create(path, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'sum', namespace: TEAM, labels: { [JOB_LABEL]: JOB_LABEL_VALUE } },
      spec: {
        suspend: true,
        parallelism: 2,
        completions: 2,
        template: {
          spec: {
            schedulingGates: [{ name: PLACEMENT_GATE }],
            restartPolicy: 'Never',
            containers: [{ name: 'main', image: 'registry.example/base:1' }],
          },
        },
      },
    })) as ApiJob;
    const suspended = await waitFor('the Job to be seen as suspended', 30, async () => {
      const now = await cluster.read<ApiJob>(`${path}/sum`);
      return now.status?.conditions?.some(({ type }) => type === 'Suspended') ? now : undefined;
    });
    assert.equal(suspended.metadata?.uid, job.metadata?.uid);
    const choice = { nodes: ['n2', 'n3'], strength: 'required' } as const;
    const result = await actor.startJob(suspended, choice, 'suspended');
    assert.equal(result.outcome, 'placed');
    const nodes = await waitFor('both pods to be bound', 30, async () => {
      const { items } = await cluster.read<{ items: readonly ApiPod[] }>(
        `/api/v1/namespaces/${TEAM}/pods?labelSelector=job-name%3Dsum`,
      );
      assert(items.every((pod) => !isGated(pod)));
      return items.length === 2 && items.every(({ spec }) => spec?.nodeName !== undefined)
        ? items.map(({ spec }) => spec!.nodeName!)
        : undefined;
    });
    assert(nodes.every((node) => node === 'n2' || node === 'n3'));
  });

  test("a Deployment's preferences roll it once, and going back rolls it to where it was", async () => {
    const path = `/apis/apps/v1/namespaces/default/deployments`;
    await cluster.create(path, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'main', image: 'registry.example/base:1' }] },
        },
      },
    });
    const read = () => cluster.read<ApiDeployment>(`${path}/web`);
    // The controller writes its status meanwhile, which makes versions too.
    const write = async (nodes: [string] | undefined) => (await adviser.prefer(await read(), nodes)).outcome;
    const replicaSets = async (count: number): Promise<void> => {
      await waitFor(`${count} ReplicaSets`, 30, async () => {
        const { items } = await cluster.read<{ items: readonly unknown[] }>(
          `/apis/apps/v1/namespaces/default/replicasets`,
        );
        return items.length === count;
      });
    };
    await replicaSets(1);
    assert.equal(await write(['n2']), 'written');
    await replicaSets(2);
    assert.equal(await write(['n2']), 'settled');
    assert.equal(await write(undefined), 'written');
    const { spec } = await read();
    assert.equal(spec?.template?.spec?.affinity, undefined);
    await waitFor('the controller to see it', 30, async () => {
      const now = await cluster.read<{
        metadata: { generation: number };
        status: { observedGeneration: number };
      }>(`${path}/web`);
      return now.status.observedGeneration === now.metadata.generation;
    });
    await replicaSets(2);
  });

  test('a node gets its label and its mark, and loses them, and nothing else', async () => {
    const read = () => cluster.read<ApiNode>('/api/v1/nodes/n3');
    const before = await read();
    await adviser.label('n3', 'poor');
    // As it was before the label: a conflict, and read again.
    const marked = await adviser.avoid(before, true);
    assert.equal(marked.outcome, 'written');
    assert.equal(marked.attempts, 2);
    const now = await read();
    assert.equal(now.metadata?.labels?.['kisimd.io/efficiency'], 'poor');
    assert(now.spec?.taints?.some(({ key }) => key === 'kisimd.io/inefficient'));
    await adviser.label('n3', undefined);
    assert.equal((await adviser.avoid(now, false)).outcome, 'written');
    const after = await read();
    assert.deepEqual(after.metadata?.labels, before.metadata?.labels);
    assert.deepEqual(after.spec?.taints ?? [], before.spec?.taints ?? []);
  });

  test('one of two leads, and the other after it', async () => {
    const terms: string[] = [];
    const candidate = (identity: string) => {
      const stop = new AbortController();
      const elector = new LeaderElector({
        api: cluster.api,
        namespace: DEFAULT_NAMESPACE,
        name: LEASE_NAME,
        identity,
        clock: systemClock,
        sleep: systemSleep,
        random,
        log: silentLogger,
        times: { leaseSeconds: 10, renewSeconds: 6, retrySeconds: 0.1 },
        started: ({ fencingToken }) => terms.push(`${identity} ${fencingToken}`),
      });
      return { elector, stop: () => stop.abort(), run: elector.run(stop.signal) };
    };
    const a = candidate('a');
    await waitFor('a to lead', 10, () => a.elector.stillLeader());
    const b = candidate('b');
    // Several renewals of the one, several tries of the other.
    await systemSleep(600);
    assert(a.elector.stillLeader() && !b.elector.stillLeader());
    a.stop();
    await a.run;
    await waitFor('b to lead', 10, () => b.elector.stillLeader());
    b.stop();
    await b.run;
    assert.deepEqual(terms, ['a 0', 'b 1']);
    const { spec } = await cluster.read<{ spec: { holderIdentity?: string } }>(
      `/apis/coordination.k8s.io/v1/namespaces/${DEFAULT_NAMESPACE}/leases/${LEASE_NAME}`,
    );
    assert.equal(spec.holderIdentity ?? '', '');
  });

  test('events are written and counted', async () => {
    const problems: unknown[] = [];
    const recorder = new EventRecorder({
      api: cluster.api,
      identity: 'host-1',
      clock: systemClock,
      sleep: systemSleep,
      random,
      log: { ...silentLogger, warn: (_, fields) => problems.push(fields) },
    });
    const { metadata } = await cluster.pod();
    const { name, uid } = metadata as { name: string; uid: string };
    const subject = { apiVersion: 'v1', kind: 'Pod', name, uid, namespace: TEAM };
    for (let i = 0; i < 3; i++)
      recorder.record({ subject, type: 'Normal', reason: 'Placed', message: 'on n1' });
    recorder.record({
      subject: { apiVersion: 'v1', kind: 'Node', name: 'n1' },
      type: 'Warning',
      reason: 'Dear',
      message: 'costs more than n2',
    });
    await recorder.flushed();
    assert.deepEqual(problems, []);
    const { items } = await cluster.read<{ items: readonly { count: number; reason: string }[] }>(
      `/api/v1/namespaces/${TEAM}/events?fieldSelector=involvedObject.name%3D${name},reason%3DPlaced`,
    );
    assert.deepEqual(
      items.map(({ count, reason }) => [count, reason]),
      [[3, 'Placed']],
    );
  });
});
