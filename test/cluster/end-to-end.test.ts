import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiJob } from '../../src/kubernetes/api-objects.ts';
import {
  DOMAIN,
  JOB_LABEL,
  JOB_LABEL_VALUE,
  NODE_ANNOTATION,
  SKIP_LABEL,
} from '../../src/kubernetes/names.ts';
import { Cleanups } from '../system/support/cleanups.ts';
import { waitFor } from '../system/support/wait-for.ts';
import { noRealNodes } from './support/in-namespace.ts';
import { DaemonHost } from './support/kubelet/daemon-host.ts';
import { denyPlacements } from './support/kubelet/denied-placements.ts';
import { isGated, isReady, RealCluster, type RealPod } from './support/kubelet/real-cluster.ts';
import { daemonSet, deployment, job, pod } from './support/kubelet/workloads.ts';

/** Opted in, and one that is not. */
const TEAM = 'team';
const OTHERS = 'others';
/** Opted in too. */
const BATCH = 'batch';
/** What the daemon knows to need a fifth of the other's power. */
const EFFICIENT = 'node2';

const busy = { script: 'while :; do :; done', limit: '200m' };
const names = (pods: readonly RealPod[]): readonly string[] =>
  pods.map(({ metadata }) => metadata.name).sort();
const nodesOf = (pods: readonly RealPod[]): readonly (string | undefined)[] =>
  [...new Set(pods.map(({ spec }) => spec.nodeName))].sort();

/** One story: each test goes on where the one before it ended. */
describe('kisimd run beside real kubelets', { skip: noRealNodes }, () => {
  const cleanups = new Cleanups();
  let cluster: RealCluster;
  let host: DaemonHost;

  before(async () => {
    cluster = await RealCluster.start(cleanups);
    for (const namespace of [TEAM, BATCH, OTHERS]) cluster.kubectl('create', 'namespace', namespace);
    host = new DaemonHost(cluster, cleanups);
    host.setup('--features', 'jobs', '--opt-in', TEAM, '--opt-in', BATCH);
    await host.start('placement.jobs=true');
  });
  after(() => cleanups.run());

  test('a Deployment and a Job run on the node that the policy chose', async () => {
    cluster.apply(
      deployment(TEAM, 'web', 2, busy),
      deployment(TEAM, 'quiet', 2),
      job(TEAM, 'sum', { script: 'echo $((6 * 7))' }),
      deployment(OTHERS, 'web', 2),
    );
    const web = await cluster.pods(TEAM, 'app=web', 2, isReady);
    const quiet = await cluster.pods(TEAM, 'app=quiet', 2, isReady);
    const sum = await cluster.pods(TEAM, 'app=sum', 1, ({ status }) => status.phase === 'Succeeded');
    assert.equal(cluster.kubectl('--namespace', TEAM, 'logs', 'job/sum'), '42\n');
    const placed = [...web, ...quiet, ...sum];
    assert.deepEqual(nodesOf(placed), [EFFICIENT]);
    for (const { metadata, spec } of placed) {
      assert.equal(metadata.annotations?.[NODE_ANNOTATION], EFFICIENT);
      assert.match(JSON.stringify(spec.affinity), /preferredDuringScheduling.*metadata\.name.*node2/);
      assert.doesNotMatch(JSON.stringify(spec.affinity), /requiredDuringScheduling/);
    }
    // The default scheduler would have spread them, as it does where nobody opted in.
    assert.deepEqual(nodesOf(await cluster.pods(OTHERS, 'app=web', 2, isReady)), ['node1', 'node2']);

    const decisions = await waitFor('the decisions in the history', 10, () => {
      const rows = host.decisions(TEAM);
      return rows.length >= placed.length && rows.every(({ bound }) => bound !== null) && rows;
    });
    assert.deepEqual(
      decisions.map((row) => row.uid).sort(),
      placed.map(({ metadata }) => metadata.uid).sort(),
    );
    for (const { node, bound, outcome, policy, pod: name } of decisions) {
      assert.deepEqual(
        [node, bound, outcome, policy],
        [EFFICIENT, EFFICIENT, 'placed', 'efficiency-first'],
        name,
      );
    }
  });

  test('a suspended Job is started where the policy chose', async () => {
    const metadata = { labels: { [JOB_LABEL]: JOB_LABEL_VALUE } };
    cluster.apply(
      job(
        TEAM,
        'waiting',
        { script: 'echo $((7 * 6))' },
        { metadata, spec: { suspend: true, parallelism: 2, completions: 2 } },
      ),
      job(TEAM, 'left', { script: 'exit 1' }, { spec: { suspend: true } }),
    );
    const pods = await cluster.pods(TEAM, 'app=waiting', 2, ({ status }) => status.phase === 'Succeeded');
    assert.deepEqual(nodesOf(pods), [EFFICIENT]);
    const started = cluster.object<ApiJob>('--namespace', TEAM, 'job', 'waiting');
    assert.equal(started.metadata?.annotations?.[NODE_ANNOTATION], EFFICIENT);
    assert.match(JSON.stringify(started.spec?.template?.spec?.affinity), /metadata\.name.*node2/);
    // Whoever suspends a Job without asking for a start wants it so.
    assert.equal(cluster.object<ApiJob>('--namespace', TEAM, 'job', 'left').spec?.suspend, true);
    assert.deepEqual(await cluster.podsNow(TEAM, 'app=left'), []);
    const decision = await waitFor('its record', 10, () =>
      host.decisions(TEAM).find(({ uid }) => uid === started.metadata?.uid),
    );
    assert.deepEqual([decision.outcome, decision.node], ['placed', EFFICIENT]);
  });

  test('DaemonSets, pods that are skipped, and namespaces that did not opt in are left alone', async () => {
    cluster.apply(
      daemonSet(TEAM, 'agent'),
      pod(TEAM, 'skipped', { labels: { [SKIP_LABEL]: '' } }),
      pod('kube-system', 'system'),
    );
    const untouched = [
      ...(await cluster.pods(TEAM, 'app=agent', 2, isReady)),
      ...(await cluster.pods(TEAM, 'app=skipped', 1, isReady)),
      ...(await cluster.pods('kube-system', 'app=system', 1, isReady)),
      ...(await cluster.pods(OTHERS, 'app=web', 2, isReady)),
    ];
    for (const { metadata } of untouched) {
      const ours = Object.keys(metadata.annotations ?? {}).filter((key) => key.startsWith(`${DOMAIN}/`));
      assert.deepEqual(ours, [], metadata.name);
    }
    const uids = new Set(untouched.map(({ metadata }) => metadata.uid));
    const touched = host
      .query<{ uid: string }>('SELECT uid FROM decision')
      .filter(({ uid }) => uids.has(uid));
    assert.deepEqual(touched, []);
  });

  test('the joules of pods on both nodes stand under their names in /metrics, in energy and in the history', async () => {
    const web = await cluster.pods(TEAM, 'app=web', 2, isReady);
    const quiet = await cluster.pods(TEAM, 'app=quiet', 2, isReady);
    const agents = await cluster.pods(TEAM, 'app=agent', 2, isReady);
    for (const { metadata } of [...web, ...quiet, ...agents]) {
      assert.equal((await host.metered(TEAM, metadata.name)).podUid, metadata.uid);
    }
    // Until the busy ones burn for certain, and the history has what is compared.
    const least = await waitFor('two joules of each busy pod', 30, async () => {
      const found = await Promise.all(web.map(({ metadata }) => host.metered(TEAM, metadata.name)));
      return found.every(({ joules }) => joules > 2) && found;
    });
    const exposition = await (await host.fetch('/metrics')).text();
    const stored = await waitFor('these joules in the history', 15, () => {
      const rows = host.query<{ pod: string; uid: string; joules: number }>(
        'SELECT pod, uid, sum(joules) AS joules FROM pod_hour WHERE namespace = ? GROUP BY uid',
        TEAM,
      );
      const enough = least.every(({ podUid, joules }) =>
        rows.some((row) => row.uid === podUid && row.joules >= joules),
      );
      return enough && rows;
    });
    const told = JSON.parse(
      host.kisimd(
        'energy',
        '--by',
        'pod',
        '--since',
        '1h',
        '--every',
        'total',
        '--json',
        '--db',
        host.historyPath,
      ),
    ) as { rows: readonly { name: string; joules: number }[] };
    for (const { name, joules, podUid } of least) {
      const inMetrics = exposition
        .split('\n')
        .filter(
          (line) => line.startsWith('kepler_pod_cpu_joules_total{') && line.includes(`pod_id="${podUid}"`),
        );
      assert.ok(inMetrics.length > 0, exposition.slice(0, 2000));
      for (const line of inMetrics) {
        assert.match(line, new RegExp(`pod_name="${name}"`));
        assert.match(line, new RegExp(`pod_namespace="${TEAM}"`));
      }
      const sum = inMetrics.reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
      // Written with fewer digits than /v1/now.
      assert.ok(sum >= joules - 0.01, `${sum} J in /metrics, ${joules} J before`);
      assert.equal(stored.find(({ uid }) => uid === podUid)?.pod, name);
      assert.ok(
        (told.rows.find((row) => row.name === name)?.joules ?? 0) >= joules,
        JSON.stringify(told.rows),
      );
      for (const { metadata } of quiet) {
        const idle = stored.find(({ uid }) => uid === metadata.uid)?.joules ?? 0;
        assert.ok(idle < joules / 5, `${metadata.name} sleeps: ${idle} J; ${name}: ${joules} J`);
      }
    }
    // Their shells, as processes that lie in these pods.
    const shells = host.query<{ pod_uid: string }>(
      "SELECT DISTINCT pod_uid FROM entity WHERE kind = 'process' AND name = 'sh'",
    );
    for (const { podUid } of least) assert.ok(shells.some(({ pod_uid }) => pod_uid === podUid));
  });

  test('SIGTERM frees what is held', async () => {
    const allow = await denyPlacements(cluster, TEAM);
    cluster.apply(deployment(TEAM, 'held', 3));
    const held = await cluster.pods(TEAM, 'app=held', 3, isGated);
    await host.heldPods(3);
    host.daemon.kill('SIGTERM');
    assert.deepEqual(await host.daemon.ended, { status: 0, signal: null });
    const after = await cluster.pods(TEAM, 'app=held', 3, (one) => !isGated(one), 0);
    assert.deepEqual(names(after), names(held));
    const reasons = host.decisions(TEAM).filter(({ pod: name }) => name.startsWith('held-'));
    assert.deepEqual(
      reasons.map(({ outcome, reason }) => `${outcome}: ${reason}`),
      Array.from({ length: 3 }, () => 'freed: stopping'),
    );
    await allow();
    await cluster.pods(TEAM, 'app=held', 3, isReady);
  });

  test('with required strength no other node may take the pod', async () => {
    await host.start('placement.strength=required', 'placement.deadline-seconds=60');
    cluster.apply(deployment(TEAM, 'strict', 2));
    const strict = await cluster.pods(TEAM, 'app=strict', 2, isReady);
    assert.deepEqual(nodesOf(strict), [EFFICIENT]);
    for (const { spec } of strict) {
      assert.match(JSON.stringify(spec.affinity), /requiredDuringScheduling.*metadata\.name.*node2/);
    }
  });

  test('after a kill -9 with pods at the gate, the next daemon frees those that are overdue and places the rest', async () => {
    const allow = await denyPlacements(cluster, TEAM);
    cluster.apply(deployment(TEAM, 'early', 2));
    await cluster.pods(TEAM, 'app=early', 2, isGated);
    await host.heldPods(2);
    // And in the middle of its work, where nothing is refused.
    const { client } = cluster.plane;
    const some = Array.from({ length: 12 }, (_, index) => {
      const made = pod(BATCH, `batch-${index}`, { cpu: '10m', labels: { of: 'batch' } });
      return client.call('POST', `/api/v1/namespaces/${BATCH}/pods`, made);
    });
    await Promise.any(some);
    host.daemon.kill('SIGKILL');
    await host.daemon.ended;
    await Promise.all(some);
    await allow();
    assert.ok((await cluster.podsNow(TEAM, 'app=early')).every(isGated));
    // Only once it has seen the dead one's lease unchanged for 15 s may it lead: the early ones' 10 s are over by then.
    const leads = host.start('placement.strength=required', 'placement.deadline-seconds=10');
    await host.daemon.event('lease-holder');
    await sleep(9_000);
    cluster.apply(deployment(TEAM, 'late', 2));
    await cluster.pods(TEAM, 'app=late', 2, isGated);
    await leads;
    const free = (one: RealPod): boolean => !isGated(one);
    await cluster.pods(TEAM, 'app=early', 2, free, 3);
    await cluster.pods(TEAM, 'app=late', 2, free, 3);
    await cluster.pods(BATCH, 'of=batch', some.length, free, 3);
    const late = await cluster.pods(TEAM, 'app=late', 2, isReady);
    assert.deepEqual(nodesOf(late), [EFFICIENT]);
    await cluster.pods(TEAM, 'app=early', 2, isReady);
    await cluster.pods(BATCH, 'of=batch', some.length, isReady);
    const outcomes = await waitFor('the records of both', 10, () => {
      const rows = host.decisions(TEAM).filter(({ pod: name }) => /^(early|late)-/.test(name));
      return (
        rows.length >= 4 && rows.map((row) => [row.pod.split('-')[0], row.outcome, row.reason].join(' '))
      );
    });
    assert.deepEqual([...outcomes].sort(), [
      'early freed deadline',
      'early freed deadline',
      'late placed ',
      'late placed ',
    ]);
  });

  test('setup --remove frees what waits and leaves nothing of it', async () => {
    const allow = await denyPlacements(cluster, TEAM);
    cluster.apply(deployment(TEAM, 'last', 1));
    await cluster.pods(TEAM, 'app=last', 1, isGated);
    host.daemon.kill('SIGKILL');
    await host.daemon.ended;
    assert.notDeepEqual(cluster.managedObjects(), []);
    host.kisimd('setup', '--remove', '--yes', ...host.asOperator);
    await cluster.pods(TEAM, 'app=last', 1, isReady);
    await allow();
    assert.deepEqual(cluster.managedObjects(), []);
    // And pods are not held any more.
    cluster.apply(pod(TEAM, 'afterwards'));
    await cluster.pods(TEAM, 'app=afterwards', 1, isReady);
  });

  test('asked by the real scheduler as its extender, it has pods sent there that nobody gates', async () => {
    // Longer than anybody would set it: on a busy machine the first answer must not come too late.
    const words = ['--time-limit', '2s', '--all-namespaces', ...host.asOperator];
    const { extenders } = JSON.parse(host.kisimd('extender', '--print-config', '--json', ...words)) as {
      extenders: readonly { urlPrefix: string }[];
    };
    const extender = await host.startExtender(...words);
    assert.deepEqual(
      extenders.map(({ urlPrefix }) => urlPrefix),
      [extender.url],
    );
    await cluster.restartScheduler({ extenders });
    cluster.apply(deployment(OTHERS, 'advised', 4));
    const advised = await cluster.pods(OTHERS, 'app=advised', 4, isReady);
    assert.deepEqual(nodesOf(advised), [EFFICIENT]);
    for (const { metadata, spec } of advised) {
      assert.deepEqual([metadata.annotations, spec.affinity], [undefined, undefined]);
    }
    assert.equal(await extender.stop(), 0);
    // Without its advice the scheduler spreads them as ever.
    cluster.apply(deployment(OTHERS, 'unadvised', 4));
    const unadvised = await cluster.pods(OTHERS, 'app=unadvised', 4, isReady);
    assert.deepEqual(nodesOf(unadvised), ['node1', 'node2']);
  });
});
