import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { DescribedNodes, type NodeDescription } from '../../../../src/cluster/node-description.ts';
import { defaultConfig } from '../../../../src/config/defaults.ts';
import { SimulatedPlacement } from '../../../../src/daemon/placement/simulated-placement.ts';
import { replay } from '../../../../src/evaluation/replay/replay.ts';
import { usableStretch } from '../../../../src/evaluation/replay/stretch.ts';
import { History } from '../../../../src/history/history.ts';
import { openHistoryReader } from '../../../../src/history/reader.ts';
import { silentLogger } from '../../../../src/util/log.ts';
import { PlayedTime } from '../../../support/played-time.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const HOURS = 2;

/*
 * The simulated cluster has twins: the same pods, placed by another rule as they come. What a replay of the history says of that
 * rule can be held against what it really used.
 */
test('a replay finds what a rule that really ran beside it has used, and what that would have cost more', async (t) => {
  const base = defaultConfig({}, { hostname: 'host', uid: 1000, homeDirectory: undefined });
  const path = join(temporaryFolder(t), 'energy.db');
  const config = {
    ...base,
    history: { ...base.history, path },
    placement: { ...base.placement, cluster: 'simulated', policy: 'efficiency-first' },
  } as const;
  const history = new History({ config: config.history, log: silentLogger, defer: (write) => write() });
  history.open();
  const time = new PlayedTime();
  const placement = new SimulatedPlacement({
    config,
    time,
    log: silentLogger,
    seed: 3,
    sink: history,
    records: history,
  });
  placement.start();
  await time.play(HOURS * 3_600_000);
  const { placed, twins } = placement.simulated;
  const stopped = placement.stop();
  await time.play(6_000);
  await stopped;
  history.close();

  const reader = openHistoryReader(path);
  t.after(() => reader.close());
  const from = time.unixAtZero;
  const to = from + HOURS * 3_600_000;
  const kept = reader.cluster({ cluster: 'simulated', fromUnixMilliseconds: from, toUnixMilliseconds: to });
  const stretch = usableStretch(kept, { from, to });
  assert.deepEqual([stretch.from, stretch.to], [from, to]);
  const described = new DescribedNodes();
  const nodes = stretch.nodes.map(({ node, cpuMilli, memoryBytes, labels, description }) =>
    described.node({ name: node, cpuMilli, memoryBytes, labels }, description as NodeDescription),
  );
  const report = replay({
    history: kept,
    stretch,
    nodes,
    policies: ['kube-scheduler', 'round-robin', 'efficiency-first'],
    keepRunning: false,
    sleep: false,
    assumedUse: 1,
    seed: 1,
    seriesSeconds: 0,
  });
  const off = (found: number, truth: number) => Math.abs(found - truth) / Math.abs(truth);
  assert.equal(report.counts.placeable, report.counts.pods);
  assert.ok(report.counts.pods > 1000);
  // Pods that run on at the end have not told their use yet: a few of all.
  assert.ok(Math.abs(report.calibration.error!.share) < 0.005);
  assert.ok(off(report.asItWas.joules, placed.joules) < 0.005);
  for (const rule of report.rules) {
    assert.ok('joules' in rule && Math.abs(rule.workShare - 1) < 1e-9);
    const truth = twins.find(({ policy }) => policy === rule.policy)?.joules ?? placed.joules;
    // Which pod meets which node in turn is chance: one that ends a moment later shifts all that follow.
    const [energy, saving] = rule.policy === 'round-robin' ? [0.03, 0.1] : [0.01, 0.02];
    assert.ok(off(rule.joules, truth) < energy, `${rule.policy}: ${rule.joules} of ${truth}`);
    if (truth === placed.joules) continue;
    const difference = placed.joules - truth;
    assert.ok(rule.isTold);
    assert.ok(
      off(rule.savedJoules, difference) < saving,
      `${rule.policy}: ${rule.savedJoules} of ${difference}`,
    );
  }
});
