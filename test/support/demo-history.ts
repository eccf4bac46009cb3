import { History } from '../../src/history/history.ts';
import type { Entity } from '../../src/inventory/entity.ts';
import { silentLogger } from '../../src/util/log.ts';
import { writeDemoCluster } from './demo-cluster.ts';
import { writeDemoCollection } from './demo-collection.ts';
import { demoDecisions } from './demo-decisions.ts';
import { writeDemoLoops } from './demo-loops.ts';
import { entityOf, historyConfig, makeInterval, START_UNIX_SECONDS } from './history-intervals.ts';

const STEP_SECONDS = 10;
const STEPS = (2 * 3600 + 1800) / STEP_SECONDS;

interface Member {
  readonly process: Entity;
  readonly groups: readonly Entity[];
  /** Watts at a time of the hour, 0..1. */
  readonly watts: (hour: number) => number;
}

function podMember(
  uid: string,
  namespace: string,
  pod: string,
  container: string,
  process: string,
  pid: number,
  watts: Member['watts'],
): Member {
  const containerId = `${container}-0a1b2c`;
  const place = { podUid: uid, containerId };
  return {
    process: entityOf('process', `${pid}:77`, { name: process, pid, exe: `/usr/bin/${process}`, ...place }),
    groups: [
      entityOf('container', containerId, { name: container, namespace, podUid: uid }),
      entityOf('pod', uid, { name: pod, namespace }),
    ],
    watts,
  };
}

const members: readonly Member[] = [
  podMember('5f1c', 'shop', 'web-7d9f', 'web', 'node', 4121, (hour) => 2 + 1.5 * Math.sin(hour * Math.PI)),
  podMember('9ae0', 'shop', 'db-0', 'postgres', 'postgres', 4188, (hour) => (hour < 0.5 ? 3.25 : 1.125)),
  podMember('c03b', 'kube-system', 'coredns-5x2p', 'coredns', 'coredns', 1890, () => 0.03),
  {
    process: entityOf('process', '2210:50', {
      name: 'qemu-system-x86',
      pid: 2210,
      exe: '/usr/bin/qemu-system-x86_64',
      vmId: 'b2c1',
    }),
    groups: [entityOf('vm', 'b2c1', { name: 'builder', runtime: 'qemu' })],
    watts: (hour) => (hour > 0.25 ? 8.5 : 0.5),
  },
  {
    process: entityOf('process', '911:20', { name: 'nginx', pid: 911, exe: '/usr/sbin/nginx' }),
    groups: [entityOf('unit', '/system.slice/nginx.service', { name: 'nginx.service' })],
    watts: () => 0.25,
  },
];

/** Two and a half hours of a small node from 2026-01-01T00:00Z on, the same every time: for the manual and its test. */
export function writeDemoHistory(path: string): void {
  const history = new History({
    config: historyConfig(path),
    log: silentLogger,
    defer: (write) => write(),
  });
  history.open();
  for (const decision of demoDecisions) history.record(decision);
  history.bound('5f1c', 'green-1');
  history.bound('9ae0', 'green-2');
  history.bound('77aa', 'old-1');
  writeDemoCluster(history);
  writeDemoCollection(history);
  writeDemoLoops(history);
  for (let step = 0; step < STEPS; step++) {
    const second = START_UNIX_SECONDS + step * STEP_SECONDS;
    const hour = (step * STEP_SECONDS) / 3600;
    const shares = members.flatMap(({ process, groups, watts }) => {
      const uj = Math.round(watts(hour % 1) * STEP_SECONDS * 1e6);
      return [process, ...groups].map((entity) => ({ entity, uj, cpuNs: uj * 50 }));
    });
    history.accept(
      makeInterval({
        startUnixMilliseconds: second * 1000,
        milliseconds: STEP_SECONDS * 1000,
        idle: 12e6 * STEP_SECONDS,
        unattributed: 2e5 * STEP_SECONDS,
        shares,
        // Two readings failed.
        ...(step === 400 || step === 401 ? { gap: 'unreadable' as const } : {}),
      }),
    );
  }
  history.close();
}
