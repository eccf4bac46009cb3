import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { headroomCommand } from '../../../src/cli/specs/headroom.ts';
import { FakeApiServer } from '../../support/fake-api-server.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

async function run(options: Record<string, unknown>) {
  const stdout = new PassThrough();
  const status = await headroomCommand.run({
    stdout,
    stderr: new PassThrough(),
    stdin: process.stdin,
    env: {},
    signal: new AbortController().signal,
    options,
    args: [],
  });
  return { status, out: String(stdout.read() ?? '') };
}

function nodeOf(name: string, bootID: string, labels: object = {}) {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels },
    spec: {},
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110' }, nodeInfo: { bootID } },
  };
}

interface Given {
  readonly namespace?: string;
  readonly owner?: string;
  readonly phase?: string;
}

function podOf(name: string, nodeName: string | undefined, cpu: string, given: Given = {}) {
  const { namespace = 'shop', owner, phase = 'Running' } = given;
  const ownerReferences = [{ apiVersion: 'apps/v1', kind: owner, name: 'x', uid: 'u', controller: true }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, ...(owner === undefined ? {} : { ownerReferences }) },
    spec: {
      containers: [{ name: 'c', image: 'x', resources: { requests: { cpu, memory: '1Gi' } } }],
      ...(nodeName === undefined ? {} : { nodeName }),
    },
    status: { phase },
  };
}

const objects = [
  nodeOf('old', 'a'),
  nodeOf('young', 'b'),
  podOf('a', 'old', '2'),
  podOf('b', 'old', '1'),
  podOf('agent', 'young', '500m', { owner: 'DaemonSet' }),
  podOf('dns', 'young', '500m', { namespace: 'kube-system' }),
  podOf('over', 'old', '1', { phase: 'Succeeded' }),
  podOf('waits', undefined, '1'),
];

/** Idle 100 and 50 W; a core costs 25 and 5 W. */
function files(t: TestContext, items: readonly object[] = objects) {
  const folder = temporaryFolder(t);
  const manifests = join(folder, 'dump.json');
  writeFileSync(manifests, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const nodeTable = join(folder, 'nodes.yaml');
  writeFileSync(
    nodeTable,
    `nodes:
  - {match: {name: old}, power: {curve: [100, 200]}, sleep: {watts: 10, wake-seconds: 60, wake-watts: 100}}
  - {match: {name: young}, power: {curve: [50, 70]}}
`,
  );
  return { manifests: [manifests], nodeTable };
}

test('a dump of a cluster: how it is, what rules would make of it, and why', async (t) => {
  const { out, status } = await run({ ...files(t), policies: 'kube-scheduler,marginal-power' });
  assert.equal(status, 0);
  const lines = out.split('\n').slice(1);
  assert.equal(
    lines.join('\n'),
    `nodes     2; power curves: 2 measured
pods      2 that could run elsewhere, 2 that stay (of DaemonSets, static, of the system), 1 waiting and left out
use       100.0 % of what pods ask for is taken as used; 0 ask for no CPU, and nothing is counted for them

                               power   saved          without room
as it is                     230.0 W
kube-scheduler               210.0 W  20.0 W   8.7 %
marginal-power               170.0 W  60.0 W  26.1 %
best found (marginal-power)  170.0 W  60.0 W  26.1 %
lower bound                  170.0 W  60.0 W  26.1 %

Up to 60.0 W (26.1 %) could be saved: 1.440 kWh in 24 hours.
Of that 60.0 W because nodes differ, 0.0 W because curves bend (pods together or apart), 0.0 W because nodes sleep.
Curves may be wrong: with 95 % it is ${lines.at(-3)!.slice('Curves may be wrong: with 95 % it is '.length)}
1 node could sleep: --sleep says what that would add.
`,
  );
});

test('the same from a live cluster, by lists alone', async (t) => {
  const server = await FakeApiServer.start();
  t.after(() => server.close());
  server.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  for (const object of objects) {
    const made = server.create(object);
    server.overwrite({ ...made, status: object.status });
  }
  const kubeconfig = join(temporaryFolder(t), 'kubeconfig');
  writeFileSync(kubeconfig, server.kubeconfig);
  const { nodeTable } = files(t);
  const { out } = await run({ kubeconfig, nodeTable, policies: 'marginal-power', json: true });
  const { now, best, pods, lowerBoundWatts, reasons, hours, savedKwh } = JSON.parse(out);
  assert.deepEqual(pods, { free: 2, fixed: 2, waiting: 1, withoutRequest: 0 });
  assert.equal(now.watts, 230);
  assert.ok(Math.abs(best.watts - 170) < 1e-6);
  assert.ok(Math.abs(lowerBoundWatts - 170) < 1e-3);
  assert.ok(Math.abs(reasons.heterogeneity - 60) < 1e-6);
  assert.ok(Math.abs(savedKwh - 0.06 * hours) < 1e-9);
});

test('with sleep the empty node is counted asleep', async (t) => {
  const { out } = await run({ ...files(t), sleep: true, json: true });
  const { best, reasons } = JSON.parse(out);
  assert.ok(Math.abs(best.watts - (10 + 70)) < 1e-6);
  assert.ok(Math.abs(reasons.sleep - 90) < 1e-6);
  assert.equal(best.sleeps, true);
});

test('nodes of one kernel, of one Minikube profile, or by the word of the user: nothing, and why', async (t) => {
  const profile = { 'minikube.k8s.io/name': 'mini' };
  for (const [items, sameHost, why] of [
    [[nodeOf('old', 'k'), nodeOf('young', 'k'), ...objects.slice(2)], false, /\(with kernel k\)/],
    [
      [nodeOf('old', 'k', profile), nodeOf('young', 'l', profile), ...objects.slice(2)],
      false,
      /profile mini/,
    ],
    [objects, true, /as --same-host says/],
  ] as const) {
    const { out } = await run({ ...files(t, items), sameHost, sleep: true });
    assert.match(out, /\nNothing can be saved by placement here\.\n/);
    assert.match(out, why);
    assert.match(out, /does not switch the machine off/);
    assert.doesNotMatch(out, /could be saved:/);
  }
});

test('equal nodes that never sleep: nothing, since the next core costs the same everywhere', async (t) => {
  const { manifests } = files(t);
  const nodeTable = join(temporaryFolder(t), 'equal.yaml');
  writeFileSync(nodeTable, 'nodes: [{match: {name: "*"}, power: {curve: [100, 200]}}]');
  const { out } = await run({ manifests, nodeTable });
  assert.match(out, /Nothing can be saved by placement here\./);
  assert.match(out, /the next core costs the same on every node/);
  assert.match(out, /Nodes that sleep when they are empty would save their idle power/);
});

test('without a table the power is estimated, and said so; refused where it must not be', async (t) => {
  const { manifests } = files(t);
  const { out } = await run({ manifests });
  assert.match(out, /power curves: 2 estimated/);
  assert.match(out, /All curves are estimates by the number of CPUs/);
  await assert.rejects(run({ manifests, set: ['placement.estimate-missing-power=false'] }), {
    code: 'KISIM_E_HEADROOM_POWER',
  });
});

test('the use of pods scales what they take', async (t) => {
  const { out } = await run({ ...files(t), use: '0.5', json: true });
  assert.equal(JSON.parse(out).now.watts, 190);
});

test('manifests of what is not there yet are compared with the default scheduler', async (t) => {
  const items = [...objects.slice(0, 2), podOf('a', undefined, '2'), podOf('b', undefined, '1')];
  const { out } = await run(files(t, items));
  assert.match(out, /placed by the default scheduler/);
});

test('what cannot be read or makes no sense is refused by name', async (t) => {
  const given = files(t);
  await assert.rejects(run({ ...given, kubeconfig: 'x' }), { code: 'KISIM_E_USAGE' });
  await assert.rejects(run({ ...given, use: 'half' }), { code: 'KISIM_E_USAGE', message: /--use half/ });
  await assert.rejects(run({ ...given, hours: '0' }), { code: 'KISIM_E_USAGE' });
  await assert.rejects(run({ ...given, policies: 'guess' }), { code: 'KISIM_E_POLICY_UNKNOWN' });
  await assert.rejects(run({ manifests: ['/nowhere'] }), { code: 'KISIM_E_MANIFEST_MISSING' });
  await assert.rejects(run(files(t, objects.slice(0, 2))), { code: 'KISIM_E_HEADROOM_NOTHING' });
});
