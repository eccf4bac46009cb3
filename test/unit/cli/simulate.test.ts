import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runCli } from '../../../src/cli/program.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { fakeHost } from './fake-host.ts';

async function kisimd(line: string, signal?: AbortSignal) {
  const host = fakeHost();
  const status = await runCli(line.split(' '), signal === undefined ? host : { ...host, signal });
  return { status, out: host.out(), err: host.err() };
}

/** A small experiment in the form of kubernetes-scheduler-simulator. */
function experiment(t: TestContext): string {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'cluster'));
  const node = (name: string, gpus: number) =>
    `apiVersion: v1\nkind: Node\nmetadata:\n  name: ${name}\n  labels: {alibabacloud.com/gpu-card-model: T4}\n` +
    `status:\n  allocatable: {cpu: 32, memory: 64Gi, pods: '110', alibabacloud.com/gpu-count: '${gpus}', alibabacloud.com/gpu-milli: '${gpus}000'}\n`;
  const pod = (name: string, milli: number) =>
    `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\n  namespace: pai\n` +
    `  annotations: {alibabacloud.com/gpu-milli: '${milli}', alibabacloud.com/gpu-count: '1'}\n` +
    'spec:\n  containers: [{name: main, image: x, resources: {requests: {cpu: 4, memory: 1Gi}}}]\n';
  const parts = [
    node('n-0', 2),
    node('n-1', 4),
    pod('p-0', 500),
    pod('p-1', 500),
    pod('p-2', 1000),
    pod('p-3', 1000),
  ];
  writeFileSync(join(folder, 'cluster', 'all.yaml'), parts.join('---\n'));
  writeFileSync(
    join(folder, 'cluster.yaml'),
    'apiVersion: simon/v1alpha1\nkind: Config\nmetadata: {name: small}\nspec:\n  cluster: {customConfig: cluster}\n',
  );
  writeFileSync(
    join(folder, 'scheduler.yaml'),
    'apiVersion: kubescheduler.config.k8s.io/v1beta1\nkind: KubeSchedulerConfiguration\nprofiles:\n- plugins:\n' +
      "    score:\n      disabled: [{name: '*'}]\n      enabled: [{name: FGDScore, weight: 1000}]\n",
  );
  return folder;
}

test('a simulator configuration with its scheduler configuration', async (t) => {
  const folder = experiment(t);
  const line = `simulate -f ${folder}/cluster.yaml -s ${folder}/scheduler.yaml --extended-resources gpu`;
  const { status, out } = await kisimd(line);
  assert.equal(status, 0);
  assert.match(out, /2 nodes: 64 cores, 128 GiB, 6 GPUs/);
  assert.match(out, /4 arrived, 4 placed, 0 fit nowhere/);
  assert.match(out, /GPUs 50\.0 % \(asked for: 50\.0 %\)/);
  const summary = JSON.parse((await kisimd(`${line} --json`)).out);
  assert.equal(summary.policy, 'FGDScore=1000');
  assert.equal(summary.ties, 'lexicographic');
  // Half GPUs share one: fragmentation would grow elsewhere.
  const at = Object.fromEntries(
    summary.placements.map(({ pod, node }: { pod: string; node: string }) => [pod, node]),
  );
  assert.equal(at['pai/p-0'], at['pai/p-1']);
});

test('the same manifests by any policy, with what fits nowhere', async (t) => {
  const folder = experiment(t);
  writeFileSync(
    join(folder, 'cluster', 'large.yaml'),
    'apiVersion: v1\nkind: Pod\nmetadata: {name: large}\nspec: {containers: [{name: m, image: x, resources: {requests: {cpu: 40}}}]}\n',
  );
  const { out } = await kisimd(`simulate -f ${folder}/cluster --policy best-fit --ties first`);
  assert.match(out, /fit nowhere {2}\(nodes.*\n {2}default\/large: cpu 2/);
});

test('a scenario: the same figures for the same seed', async () => {
  const line = 'simulate --scenario G --load 0.6 --policy best-fit --seed 3';
  const one = await kisimd(`${line} --json`);
  assert.equal(one.status, 0);
  assert.equal((await kisimd(`${line} --json`)).out, one.out);
  const summary = JSON.parse(one.out);
  assert.ok(summary.energyJoules > 1e6 && summary.completed === summary.pods);
  assert.equal(summary.scorer, null);
  assert.match((await kisimd(line)).out, /energy {7}\d+\.\d{3} kWh \(at work/);
  const series = await kisimd(`${line} --series 1h`);
  assert.match(series.out, /\nseconds,watts,requested,used,awake_nodes,pending\n0,/);
});

test('a trace scaled to its machines, with what was assumed', async (t) => {
  const path = join(temporaryFolder(t), 'jobs.csv');
  const rows = Array.from({ length: 400 }, (_, i) => `${i * 300},1800,2000`);
  writeFileSync(path, `arrival_s,duration_s,cpu_milli\n${rows.join('\n')}\n`);
  const { out } = await kisimd(`simulate --trace ${path} --machines 4x16 --load 0.5 --policy round-robin`);
  assert.match(out, /note {9}demand times 2\.\d+ \(overlay\)/);
  assert.match(out, /assumed: jobs without measured use take all/);
});

test('a run that is stopped goes on from its checkpoint, to the same bits', async (t) => {
  const checkpoint = join(temporaryFolder(t), 'run.json');
  const line = 'simulate --scenario E --load 0.6 --policy efficiency-first --json';
  const whole = await kisimd(line);
  const stop = new AbortController();
  stop.abort();
  const stopped = await kisimd(`${line} --checkpoint ${checkpoint}`, stop.signal);
  assert.equal(stopped.status, 130);
  assert.match(stopped.err, /the same command goes on/);
  assert.ok(existsSync(checkpoint));
  const other = await kisimd(`${line} --seed 9 --checkpoint ${checkpoint}`);
  assert.equal(other.status === 0, false);
  assert.match(other.err, /KISIM_E_SIM_SNAPSHOT/);
  const resumed = await kisimd(`${line} --checkpoint ${checkpoint}`);
  assert.match(resumed.err, /goes on from/);
  assert.equal(resumed.out, whole.out);
  assert.ok(!existsSync(checkpoint));
});

const bad: readonly (readonly [string, string, RegExp])[] = [
  ['nothing to simulate', 'simulate', /KISIM_E_USAGE: .*nothing to simulate/],
  ['two things', 'simulate --scenario A --swf x', /KISIM_E_USAGE: .*several/],
  ['an unknown policy', 'simulate --scenario A --policy best-fitt', /KISIM_E_POLICY_UNKNOWN[\s\S]*best-fit/],
  ['an unknown scenario', 'simulate --scenario Z', /KISIM_E_SCENARIO_UNKNOWN[\s\S]*Drnd/],
  ['a load that cannot be', 'simulate --scenario A --load 3', /KISIM_E_USAGE: .*--load 3/],
  ['a trace without nodes', 'simulate --swf x.swf', /KISIM_E_USAGE: .*without nodes/],
  ['a file that is not there', 'simulate --swf x.swf --machines 2x8', /KISIM_E_INPUT_UNREADABLE: .*x\.swf/],
  ['times where there are none', 'simulate -f x --load 0.5', /KISIM_E_USAGE: .*--load without times/],
  ['other resources', 'simulate -f x --extended-resources open-local', /KISIM_E_USAGE: .*open-local/],
  ['pods without nodes', 'simulate --pods x', /KISIM_E_USAGE: .*--pods without --nodes/],
  ['policy and scorer', 'simulate --scenario A --policy best-fit --scorer http://x/', /KISIM_E_USAGE/],
  ['racks of none', 'topology -f x --servers-per-rack 0', /KISIM_E_USAGE: .*--servers-per-rack 0/],
  ['no nodes for racks', 'topology', /KISIM_E_USAGE: .*no nodes to label/],
  ['a port that cannot be', 'score-server --port 99999', /KISIM_E_USAGE: .*--port 99999/],
];
for (const [what, line, message] of bad)
  test(`${what} is a coded error`, async () => {
    const { status, err, out } = await kisimd(line);
    assert.notEqual(status, 0);
    assert.match(err, message);
    assert.equal(out, '');
  });

test('an outside scorer that is not there: the fallback decides and is counted', async () => {
  const line =
    'simulate --scenario G --load 0.3 --scorer http://127.0.0.1:9/score --fallback best-fit --json';
  const { out, err } = await kisimd(line);
  const { scorer, decisions } = JSON.parse(out);
  assert.deepEqual(scorer, { answered: 0, fallbacks: { connection: decisions } });
  assert.equal(err.match(/scorer: connection/g)!.length, 1);
});

test('the score server tells its address and ends when it is asked to', async () => {
  const stop = new AbortController();
  const host = fakeHost();
  const ended = runCli('score-server --policy best-fit --port 0 --json'.split(' '), {
    ...host,
    signal: stop.signal,
  });
  while (!host.out().includes('\n')) await new Promise((resolve) => setImmediate(resolve));
  const { url } = JSON.parse(host.out());
  const health = await fetch(url.replace('/score', '/healthz'));
  assert.deepEqual(await health.json(), { status: 'ok', policy: 'best-fit' });
  stop.abort();
  assert.equal(await ended, 0);
});
