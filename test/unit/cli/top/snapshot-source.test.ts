import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { IntervalSink } from '../../../../src/attribution/interval.ts';
import { DaemonClient } from '../../../../src/cli/daemon-client.ts';
import { cliErrors } from '../../../../src/cli/errors.ts';
import { meanSince } from '../../../../src/cli/top/mean-since.ts';
import { DaemonSource, MeterSource } from '../../../../src/cli/top/snapshot-source.ts';
import { Ledger } from '../../../../src/export/ledger.ts';
import type { NowSnapshot, NowZone } from '../../../../src/export/now-snapshot.ts';
import { anEntity, anInterval, aZone, share, zoneInterval } from '../../../support/intervals.ts';
import { nowEntity, nowSnapshotOf } from '../../../support/snapshots.ts';

const at = (sequence: number, joules: number, over: Parameters<typeof nowSnapshotOf>[1] = {}): NowSnapshot =>
  nowSnapshotOf([nowEntity('process', 'job', { joules, cpuSeconds: joules / 10, watts: 77 })], {
    sequence,
    unixMilliseconds: 1e12 + sequence * 100,
    ...over,
    node: { watts: 99, joules: 10 * joules, idleJoules: 0, activeJoules: joules, unattributedJoules: 0 },
  });

test('between two looks at a faster daemon the power is the mean, from the sums', () => {
  const mean = meanSince(at(1, 100), at(11, 107));
  assert.equal(mean.node.watts, 70);
  assert.equal(mean.node.activeWatts, 7);
  assert.equal(mean.entities[0]?.watts, 7);
  assert.ok(Math.abs((mean.entities[0]?.cpus ?? 0) - 0.7) < 1e-9);
  assert.equal(mean.intervalMilliseconds, 1000);
});

test('one interval later, or after a restart, or with the clock set back, the answer is shown as it is', () => {
  assert.equal(meanSince(at(1, 100), at(2, 107)).node.watts, 99);
  assert.equal(meanSince(at(11, 100), at(3, 7)).node.watts, 99);
  assert.equal(meanSince(at(1, 100), at(20, 7)).node.watts, 99);
  assert.equal(meanSince(at(1, 100), at(11, 107, { unixMilliseconds: 0 })).node.watts, 99);
});

test('a gap in between makes the mean unknown, not small', () => {
  const zone = (gaps: NowZone['gaps']): NowZone => ({
    id: 'package-0',
    kind: 'package',
    socket: 0,
    counted: true,
    exclusion: '',
    source: 'rapl-powercap',
    provenance: 'measured',
    path: '',
    description: '',
    watts: 1,
    maxWatts: null,
    idleWatts: 0,
    idleState: 'learned',
    joules: 1,
    gap: null,
    gaps,
  });
  const earlier = at(1, 100, { zones: [zone({})] });
  assert.equal(meanSince(earlier, at(11, 107, { zones: [zone({ 'absurd-jump': 1 })] })).node.watts, null);
  assert.equal(meanSince(earlier, at(11, 107, { zones: [zone({})] })).node.watts, 70);
});

test('the daemon is asked again and again; the same interval is not shown twice; trouble is told and outlived', async () => {
  const answers: (NowSnapshot | undefined | Error)[] = [
    undefined,
    at(1, 10),
    at(1, 10),
    cliErrors.KISIM_E_CLI_NO_DAEMON('127.0.0.1:1'),
    at(2, 20),
  ];
  const seen: (number | string)[] = [];
  const done = Promise.withResolvers<void>();
  const source = new DaemonSource(
    {
      address: 'there',
      now: async () => {
        const answer = answers.shift();
        if (answer instanceof Error) throw answer;
        return answer;
      },
    },
    1,
  );
  await source.start(
    ({ sequence }) => {
      seen.push(sequence);
      if (sequence === 2) done.resolve();
    },
    (notice) => seen.push(notice),
  );
  await done.promise;
  await source.stop();
  assert.deepEqual(seen, ['the daemon waits for its first interval', 1, 'no daemon answers: 127.0.0.1:1', 2]);
});

test('a daemon that was started anew is shown from its first interval', async () => {
  const answers = [at(50, 500), at(50, 5)];
  const joules: (number | undefined)[] = [];
  const done = Promise.withResolvers<void>();
  const source = new DaemonSource({ address: 'there', now: async () => answers.shift() }, 1);
  await source.start(
    (snapshot) => {
      joules.push(snapshot.entities[0]?.joules);
      if (joules.length === 2) done.resolve();
    },
    () => undefined,
  );
  await done.promise;
  await source.stop();
  assert.deepEqual(joules, [500, 5]);
});

test('an own meter is started, read and stopped', async () => {
  const sinks: IntervalSink[] = [];
  const calls: string[] = [];
  const meter = {
    addSink: (sink: IntervalSink) => sinks.push(sink),
    start: () => void calls.push('start'),
    stop: () => void calls.push('stop'),
  };
  const ledger = new Ledger({ isAlive: () => true, zeroEnergyProcesses: true });
  const source = new MeterSource(meter, { nodeName: 'n', version: '0' }, ledger);
  const seen: NowSnapshot[] = [];
  await source.start((snapshot) => seen.push(snapshot));
  const interval = anInterval(
    1,
    [zoneInterval(aZone(), { active: 2 })],
    [share(anEntity('process', 'job', { pid: 7 }), [2])],
  );
  for (const sink of sinks) sink.accept(interval);
  await source.stop();
  assert.equal(seen[0]?.entities[0]?.watts, 2);
  assert.deepEqual(calls, ['start', 'stop']);
});

test('the client tells a missing daemon from another program and from one that waits', async () => {
  let answer: { status: number; body: string } = { status: 200, body: '{"hello":1}' };
  const server = createServer((_, response) => {
    response.statusCode = answer.status;
    response.end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = new DaemonClient({ host: '0.0.0.0', port });
  assert.equal(client.address, `127.0.0.1:${port}`);
  await assert.rejects(client.now(), { code: 'KISIM_E_CLI_DAEMON_ANSWER' });
  answer = { status: 404, body: 'Not here' };
  await assert.rejects(client.now(), { code: 'KISIM_E_CLI_DAEMON_ANSWER' });
  answer = { status: 503, body: '{"error":"no interval has been measured yet"}' };
  assert.equal(await client.now(), undefined);
  answer = { status: 200, body: JSON.stringify(at(1, 10)) };
  assert.equal((await client.now())?.sequence, 1);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await assert.rejects(client.now(), { code: 'KISIM_E_CLI_NO_DAEMON' });
});
