import assert from 'node:assert/strict';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { headroomCommand } from '../../src/cli/specs/headroom.ts';
import { DescribedNodes, type NodeDescription } from '../../src/cluster/node-description.ts';
import { loadConfig } from '../../src/config/load.ts';
import { LivePlacement } from '../../src/daemon/placement/live-placement.ts';
import { runRecorder } from '../../src/daemon/placement/run-recorder.ts';
import { replay } from '../../src/evaluation/replay/replay.ts';
import { longestStretch } from '../../src/evaluation/replay/stretch.ts';
import { History } from '../../src/history/history.ts';
import { type HistoryReader, openHistoryReader } from '../../src/history/reader.ts';
import type { ApiPod } from '../../src/kubernetes/api-objects.ts';
import { systemClock } from '../../src/util/clock.ts';
import { silentLogger } from '../../src/util/log.ts';
import { Cleanups } from '../system/support/cleanups.ts';
import { waitFor } from '../system/support/wait-for.ts';
import { ActingCluster, TEAM } from './support/acting-cluster.ts';
import { outsideNamespace } from './support/in-namespace.ts';
import { succeed } from './support/install-program.ts';

describe('what is kept of a real cluster, and asked of it', { skip: outsideNamespace }, () => {
  const cleanups = new Cleanups();
  const running: (() => Promise<void>)[] = [];
  let cluster: ActingCluster;
  let path: string;
  let kubeconfig: string;

  /** The service with a history of its own, as the daemon puts them together. */
  const serve = async () => {
    const set = [
      `kubernetes.kubeconfig=${kubeconfig}`,
      `history.path=${path}`,
      'placement.strength=required',
      'placement.policy=best-fit',
    ];
    const { config } = loadConfig({ env: {}, flags: { set } });
    const history = new History({ config: config.history, log: silentLogger });
    history.open();
    const placement = new LivePlacement({
      config,
      log: silentLogger,
      clock: systemClock,
      env: {},
      sink: history,
      records: history,
      extras: [runRecorder],
    });
    placement.start();
    let stopped = false;
    const stop = async () => {
      if (stopped) return;
      stopped = true;
      await placement.stop();
      history.close();
    };
    running.push(stop);
    assert.equal(await placement.synced, true);
    return { history, stop };
  };
  const made = (name: string, spec: object = {}) => {
    const resources = { requests: { cpu: '500m', memory: '1Gi' } };
    return cluster.pod({ containers: [{ name: 'a', image: 'x', resources }], ...spec }, { name });
  };
  const remove = ({ metadata }: ApiPod) =>
    succeed(cluster.admin, 'DELETE', `/api/v1/namespaces/${TEAM}/pods/${metadata!.name}`, {
      gracePeriodSeconds: 0,
    });
  const read = <T>(question: (reader: HistoryReader) => T): T => {
    const reader = openHistoryReader(path);
    try {
      return question(reader);
    } finally {
      reader.close();
    }
  };
  const kept = () =>
    read((reader) => {
      const { from, to } = reader.clusterSpan('live')!;
      return reader.cluster({
        cluster: 'live',
        fromUnixMilliseconds: from - 60_000,
        toUnixMilliseconds: to + 60_000,
      });
    });

  before(async () => {
    cluster = await ActingCluster.start(cleanups);
    cluster.plane.startScheduler().output.resume();
    path = join(cluster.plane.folder, 'records.db');
    kubeconfig = join(cluster.plane.folder, 'kisimd.kubeconfig');
  });
  after(async () => {
    for (const stop of running) await stop();
    cleanups.run();
  });

  test('every pod with its life: who placed it, where, what it asked of nodes; and the nodes', async () => {
    const { history, stop } = await serve();
    const stays = await made('stays', { nodeSelector: { number: '2' } });
    const goes = await made('goes');
    const nodes = await Promise.all([stays, goes].map((pod) => cluster.boundNode(pod)));
    const found = async (name: string, holds: (run: { ended: unknown }) => boolean) =>
      await waitFor(name, 20, () => {
        history.flush();
        const run = kept().pods.find((each) => each.pod === name && each.node !== undefined);
        return Promise.resolve(run !== undefined && holds({ ended: run.endedUnixMilliseconds }));
      });
    await found('stays', () => true);
    await found('goes', () => true);
    await remove(goes);
    await found('goes', ({ ended }) => ended !== undefined);
    await stop();
    const { pods, nodes: seen, watched } = kept();
    const runs = ['stays', 'goes'].map((name) => pods.find((each) => each.pod === name)!);
    assert.deepEqual(
      runs.map(({ node }) => node),
      nodes,
    );
    assert.equal(nodes[0], 'n2');
    for (const run of runs) {
      assert.equal(run.policy, 'best-fit');
      assert.equal(run.mode, 'act');
      assert.equal(run.cpuMilli, 500);
      assert.ok(run.placeable);
      // The server tells creation to the second.
      const wait = run.boundUnixMilliseconds! - run.createdUnixMilliseconds;
      assert.ok(wait >= 0 && wait < 10_000, `${wait} ms`);
    }
    const { nodeSelector } = runs[0]!.scheduling as { readonly nodeSelector: object };
    assert.deepEqual(nodeSelector, { number: '2' });
    const { nodeAffinity } = runs[1]!.scheduling as { readonly nodeAffinity?: unknown };
    assert.equal(nodeAffinity, undefined, 'what was decided is not what the pod asked for');
    assert.deepEqual(
      seen.map(({ node, cpuMilli }) => [node, cpuMilli]),
      [
        ['n1', 16_000],
        ['n2', 16_000],
        ['n3', 16_000],
      ],
    );
    assert.equal(watched.length, 1);
  });

  test('a pod that ended while nobody looked ends between the last look and the next', async () => {
    const { stop: first, history } = await serve();
    const brief = await made('brief');
    await cluster.boundNode(brief);
    await waitFor('its life', 20, () => {
      history.flush();
      return Promise.resolve(kept().pods.some((each) => each.pod === 'brief' && each.node !== undefined));
    });
    await first();
    const lastLook = kept().watched.at(-1)!.to;
    await remove(brief);
    const { stop: second } = await serve();
    await second();
    const run = kept().pods.find((each) => each.pod === 'brief')!;
    assert.ok(run.endedAfterUnixMilliseconds! >= lastLook);
    assert.ok(run.endedUnixMilliseconds! >= run.endedAfterUnixMilliseconds!);
    assert.equal(kept().pods.find((each) => each.pod === 'stays')?.endedUnixMilliseconds, undefined);
  });

  test('the history of a real cluster can be replayed', () => {
    const history = kept();
    const from = history.watched[0]!.from;
    const to = history.watched.at(-1)!.to;
    // Tests are shorter than the minutes of a stretch: its parts are put together here.
    assert.equal(longestStretch(history, { from, to: from + 1 }), undefined);
    const described = new DescribedNodes();
    const byName = new Map(history.nodes.map((node) => [node.node, node]));
    const nodes = [...byName.values()].map(({ node, cpuMilli, memoryBytes, labels, description }) =>
      described.node({ name: node, cpuMilli, memoryBytes, labels }, description as NodeDescription),
    );
    const report = replay({
      history,
      stretch: { from, to, nodes: [...byName.values()], pausedMilliseconds: 0 },
      nodes,
      policies: ['kube-scheduler', 'best-fit'],
      keepRunning: false,
      sleep: false,
      assumedUse: 1,
      seed: 1,
      seriesSeconds: 0,
    });
    assert.equal(report.counts.placeable, report.counts.pods);
    assert.ok(report.counts.pods >= 3);
    for (const rule of report.rules) assert.ok('joules' in rule && Math.abs(rule.workShare - 1) < 1e-6);
  });

  test('headroom reads the cluster with the rights of the program', async () => {
    const stdout = new PassThrough();
    const options = { kubeconfig, json: true };
    const signal = new AbortController().signal;
    const { stderr, stdin } = process;
    await headroomCommand.run({ stdout, stderr, stdin, env: {}, signal, options, args: [] });
    const { nodes, now, lowerBoundWatts } = JSON.parse(String(stdout.read()));
    assert.equal(nodes, 3);
    assert.ok(lowerBoundWatts <= now.watts * (1 + 1e-9));
  });
});
