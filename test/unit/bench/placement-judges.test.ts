import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiPod } from '../../../src/kubernetes/api-objects.ts';
import { DECIDED_BY_ANNOTATION, NODE_ANNOTATION, PLACEMENT_GATE } from '../../../src/kubernetes/names.ts';
import { apiVerb, verbText } from '../../bench/support/live/api-verbs.ts';
import { Outages } from '../../bench/support/live/outages.ts';
import { PodAudit } from '../../bench/support/live/pod-audit.ts';
import { quantile } from '../../bench/support/live/quantile.ts';

interface Version {
  readonly gates?: readonly string[];
  readonly by?: string;
  readonly node?: string;
  readonly manager?: string;
}

/** A version of the one pod that is looked at. */
function version({ gates = [], by, node, manager = 'kubectl' }: Version): ApiPod {
  const annotations = {
    ...(by === undefined ? {} : { [DECIDED_BY_ANNOTATION]: by }),
    ...(node === undefined ? {} : { [NODE_ANNOTATION]: node }),
  };
  const metadata = { name: 'pod-1', namespace: 'team', uid: 'u1', annotations, managedFields: [{ manager }] };
  return { metadata, spec: { containers: [], schedulingGates: gates.map((name) => ({ name })) } } as ApiPod;
}

function audited(isOurs: boolean, versions: readonly Version[]) {
  const audit = new PodAudit();
  for (const [i, each] of versions.entries()) audit.seen(version(each), isOurs, i * 1000);
  return audit.pods.get('u1')!;
}

const GATED = { gates: [PLACEMENT_GATE] };
const PLACED = { by: 'a#1', node: 'n1', manager: 'kisimd' };

test('a pod that is placed once has one write, one decider and a time', () => {
  const pod = audited(true, [GATED, GATED, PLACED, PLACED]);
  assert.deepEqual(
    { writes: pod.writes, deciders: [...pod.deciders], freedAt: pod.freedAt, isPlaced: pod.isPlaced },
    { writes: 1, deciders: ['a#1'], freedAt: 2000, isPlaced: true },
  );
});

test('a second write is seen, and who else decided', () => {
  const pod = audited(true, [GATED, PLACED, { ...PLACED, by: 'b#2' }]);
  assert.equal(pod.writes, 2);
  assert.deepEqual([...pod.deciders], ['a#1', 'b#2']);
  assert.equal(pod.freedAt, 1000);
});

test('a pod that is never freed has no time; one that never was gated was not held', () => {
  const gated = audited(true, [GATED, GATED]);
  assert.ok(gated.wasGated);
  assert.equal(gated.freedAt, undefined);
  assert.ok(!audited(true, [{}]).wasGated);
});

test('whatever the program writes into a pod that is none of its own is seen', () => {
  assert.ok(!audited(false, [{}, {}]).isTouched);
  assert.ok(audited(false, [{}, { by: 'a#1' }]).isTouched);
  assert.ok(audited(false, [{}, { manager: 'kisimd' }]).isTouched);
});

test("a gate of somebody else's that is gone is seen", () => {
  const other = 'example.com/quota';
  assert.ok(
    !audited(true, [{ gates: [other, PLACEMENT_GATE] }, { ...PLACED, gates: [other] }]).lostForeignGate,
  );
  assert.ok(audited(true, [{ gates: [other, PLACEMENT_GATE] }, PLACED]).lostForeignGate);
});

test('time without a server or a leader, and the grace after it, is counted once', () => {
  const outages = new Outages();
  for (const [at, isServed] of [
    [0, true],
    [1000, false],
    [1200, false],
    [2000, true],
    [2100, false],
    [2200, true],
  ] as const)
    outages.sample(at, isServed ? undefined : { grace: at < 2100 ? 500 : 100 });
  assert.equal(outages.count, 1);
  assert.deepEqual(outages.lengths, [1500]);
  assert.equal(outages.within(0, 10_000), 1500);
  assert.equal(outages.within(1500, 1600), 100);
  assert.equal(outages.within(3000, 4000), 0);
  outages.sample(5000, { grace: 500 });
  assert.equal(outages.within(4000, 6000), 1000);
});

test('requests are told apart as the authorizer tells them', () => {
  const text = (method: 'GET' | 'POST' | 'PATCH', path: string, isWatch = false) =>
    verbText(apiVerb(method, path, isWatch)!);
  assert.equal(text('GET', '/api/v1/pods'), 'list pods');
  assert.equal(text('GET', '/api/v1/pods', true), 'watch pods');
  assert.equal(text('GET', '/api/v1/namespaces/a/pods/b'), 'get pods');
  assert.equal(text('GET', '/api/v1/namespaces/a'), 'get namespaces');
  assert.equal(text('GET', '/api/v1/nodes/n1/proxy/stats/summary'), 'get nodes/proxy');
  assert.equal(text('POST', '/api/v1/namespaces/a/pods/b/eviction'), 'create pods/eviction');
  assert.equal(text('PATCH', '/apis/batch/v1/namespaces/a/jobs/b'), 'patch jobs.batch');
  assert.equal(apiVerb('GET', '/version', false), undefined);
  assert.equal(apiVerb('GET', '/apis/apps/v1', false), undefined);
});

test('a quantile is a value that was measured', () => {
  const values = Array.from({ length: 100 }, (_, i) => 100 - i);
  assert.equal(quantile(values, 0.99), 99);
  assert.equal(quantile(values, 1), 100);
  assert.equal(quantile([7], 0.5), 7);
  assert.ok(Number.isNaN(quantile([], 0.5)));
});
