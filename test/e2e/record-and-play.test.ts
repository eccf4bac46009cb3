import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCli } from '../../src/cli/program.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createMetering } from '../../src/daemon/create-metering.ts';
import { Ledger } from '../../src/export/ledger.ts';
import { metricsText } from '../../src/export/metrics.ts';
import { nowSnapshot } from '../../src/export/now-snapshot.ts';
import { History } from '../../src/history/history.ts';
import { openHistoryReader } from '../../src/history/reader.ts';
import { silentLogger } from '../../src/util/log.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { fakeHost } from '../unit/cli/fake-host.ts';

function spin(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

const identity = { nodeName: 'player', version: '0' };

test('what `record` keeps of an estimate is played, and every row of every output says recorded', async (t) => {
  const root = temporaryFolder(t);
  const folder = join(root, 'capture');
  const host = fakeHost();
  const estimated = ['--set', 'meter.sources=estimated', '--interval', '20ms'];
  // An idle machine would leave no energy to charge anybody with.
  const load = setInterval(() => spin(10), 0);
  const status = await runCli(['record', folder, '--for', '100ms', '--json', ...estimated], host);
  clearInterval(load);
  assert.equal(status, 0, host.err());
  const recorded = JSON.parse(host.out());

  const set = [
    'meter.sources=recorded',
    `meter.recording=${folder}`,
    `history.path=${join(root, 'energy.db')}`,
  ];
  const { config } = loadConfig({ env: {}, flags: { set } });
  let now = 0;
  const startUnix = Date.UTC(2026, 0, 31, 12);
  const clock = {
    monotonicNanoseconds: () => now * 1e6,
    unixMilliseconds: () => startUnix + now,
  };
  const history = new History({ config: config.history, log: silentLogger, clock });
  history.open();
  const ledger = new Ledger({ zeroEnergyProcesses: true, isAlive: () => true });
  const metering = createMetering(config, { clock, log: silentLogger });
  metering.addSink(history);
  metering.addSink(ledger);
  metering.tick();
  // The capture is played on a clock of its own; the ticks themselves are work enough to be charged.
  for (const step of [20, 20, 20]) {
    now += step;
    metering.tick();
  }
  metering.stop();
  history.close();

  const snapshot = nowSnapshot(ledger, identity)!;
  assert.ok(snapshot.node.joules > 0);
  assert.equal(snapshot.node.provenance, 'recorded');
  assert.deepEqual(
    snapshot.zones.map(({ id }) => id),
    recorded.zones,
  );
  assert.ok(
    snapshot.zones.every(({ provenance, source }) => provenance === 'recorded' && source === 'recorded'),
  );
  const charged = snapshot.entities.filter(({ provenance }) => provenance !== null);
  assert.ok(charged.length > 0);
  assert.ok(charged.every(({ provenance }) => provenance === 'recorded'));

  const options = { identity, zeroEnergyProcesses: true, processMetrics: ['joules' as const], cpuInfo: [] };
  const energies = metricsText(ledger, 'prometheus', options)
    .split('\n')
    .filter((line) => /^kepler_\w+_joules_total\{/.test(line));
  assert.ok(energies.length > 1);
  for (const line of energies) assert.match(line, /source="recorded"/);

  const reader = openHistoryReader(config.history.path);
  const range = { sinceUnixMilliseconds: startUnix, untilUnixMilliseconds: startUnix + 60_000 };
  const rows = (['node', 'zone', 'process'] as const).flatMap(
    (by) => reader.energyReport({ by, ...range }).rows,
  );
  reader.close();
  assert.ok(rows.length >= 3, `${rows.length} rows`);
  for (const row of rows) assert.equal(row.source, 'recorded', row.entity.name);
});
