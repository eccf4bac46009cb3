import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { test } from 'node:test';
import type { EnergyInterval } from '../../../src/attribution/interval.ts';
import { describeMetrics } from '../../../src/export/describe-metrics.ts';
import { Ledger } from '../../../src/export/ledger.ts';
import { allFamilies } from '../../../src/export/metric-families.ts';
import { type MetricsOptions, metricsText } from '../../../src/export/metrics.ts';
import { anEntity, anInterval, aZone, share, zoneGap, zoneInterval } from '../../support/intervals.ts';

const options: MetricsOptions = {
  cpuInfo: ['processor="0",vendor_id="GenuineIntel",node_name="node-1"'],
  identity: { nodeName: 'node-1', version: '0.1.0' },
  zeroEnergyProcesses: false,
  processMetrics: ['joules', 'watts'],
};

function ledgerOf(...intervals: EnergyInterval[]): Ledger {
  const ledger = new Ledger({ isAlive: () => true, zeroEnergyProcesses: false });
  for (const interval of intervals) ledger.accept(interval);
  return ledger;
}

/** Sample lines of a family, without its name. */
function samples(text: string, family: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${family}{`) || line.startsWith(`${family} `))
    .map((line) => line.slice(family.length));
}

const pkg = aZone();
const core = aZone({ id: 'core-0', kind: 'core', counted: false, exclusion: 'inside package-0' });
const nginx = anEntity('process', 'nginx', { pid: 7, exe: '/usr/sbin/nginx' });

function everything(): Ledger {
  const zones = [
    pkg,
    aZone({ id: 'package-1', socket: 1 }),
    core,
    aZone({ id: 'dram-0', kind: 'dram' }),
    aZone({ id: 'gpu-GPU-11', kind: 'gpu', socket: undefined, source: 'nvml' }),
    aZone({
      id: 'board-0',
      kind: 'board',
      socket: undefined,
      source: 'hwmon',
      provenance: 'integrated',
      counted: false,
    }),
  ];
  const containerId = 'f'.repeat(64);
  const who = [
    nginx,
    anEntity('process', 'we"ird\\name', { pid: 8, containerId, podUid: 'u1' }),
    anEntity('process', 'qemu', { pid: 9, vmId: 'v1', containerId }),
    anEntity('process', 'exited', { pid: 0, key: 'process:exited:unit:/a' }),
    anEntity('process', 'exited', { pid: 0, key: 'process:exited:unit:/b' }),
    anEntity('container', 'web', { containerId, runtime: 'containerd', podUid: 'u1' }),
    anEntity('pod', 'web-1', { podUid: 'u1', namespace: 'default' }),
    anEntity('vm', 'guest', { vmId: 'v1', runtime: 'qemu' }),
    anEntity('unit', 'nginx.service', { key: 'unit:/system.slice/nginx.service' }),
    anEntity('unit', 'nginx.service', { key: 'unit:/user.slice/nginx.service' }),
  ];
  const parts = zones.map((zone) => zoneInterval(zone, { idle: 10, active: 8, unattributed: 2 }));
  const shares = who.map((entity) => share(entity, [1, 1, 1, 1, 1, 0], { cpuSeconds: 0.1 }));
  const ended = [
    share(anEntity('process', 'sh', { pid: 20, key: 'process:20:1' }), [1, 0, 0, 0, 0, 0], {
      terminated: true,
    }),
    share(anEntity('process', 'sh', { pid: 20, key: 'process:20:2' }), [1, 0, 0, 0, 0, 0], {
      terminated: true,
    }),
  ];
  return ledgerOf(anInterval(1, parts, [...shares, ...ended], { remarks: ['storm'] }));
}

test('the node has the names, zones and labels of Kepler', () => {
  const text = metricsText(everything(), 'prometheus', options);
  assert.deepEqual(samples(text, 'kepler_node_cpu_joules_total'), [
    '{zone="package",path="/sys/class/powercap/package-0",node_name="node-1"} 20',
    '{zone="package",path="/sys/class/powercap/package-1",node_name="node-1"} 20',
    '{zone="core",path="/sys/class/powercap/core-0",node_name="node-1"} 20',
    '{zone="dram",path="/sys/class/powercap/dram-0",node_name="node-1"} 20',
  ]);
  assert.deepEqual(samples(text, 'kepler_node_cpu_usage_ratio'), ['{node_name="node-1"} 0.5']);
  assert.deepEqual(samples(text, 'kepler_node_gpu_watts'), [
    '{gpu_uuid="GPU-11",vendor="nvidia",node_name="node-1"} 20',
  ]);
  assert.deepEqual(samples(text, 'kepler_platform_watts'), [
    '{source="hwmon",node_name="node-1",power_control_id="board-0"} 20',
  ]);
});

test('active and idle of a zone sum to its total; the unattributed part is told apart', () => {
  const text = metricsText(everything(), 'prometheus', options);
  const first = (family: string) => Number(samples(text, family)[0]?.split(' ').at(-1));
  assert.equal(first('kepler_node_cpu_active_joules_total'), 10);
  assert.equal(first('kepler_node_cpu_idle_joules_total'), 10);
  assert.equal(first('kepler_node_cpu_active_watts'), 10);
  assert.equal(first('kisimd_zone_unattributed_joules_total'), 2);
});

test('a zone inside another is shown with its total and never split', () => {
  const text = metricsText(everything(), 'prometheus', options);
  assert.ok(!samples(text, 'kepler_node_cpu_idle_joules_total').some((line) => line.includes('core')));
  assert.ok(!samples(text, 'kepler_process_cpu_joules_total').some((line) => line.includes('zone="core"')));
  assert.ok(
    samples(text, 'kisimd_zone_info').some((line) =>
      line.includes('counted="false",exclusion="inside package-0"'),
    ),
  );
});

test('a workload sums zones of one kind and has the labels of Kepler', () => {
  const text = metricsText(everything(), 'prometheus', options);
  const id = 'f'.repeat(64);
  assert.deepEqual(samples(text, 'kepler_process_cpu_joules_total').slice(0, 4), [
    '{pid="7",comm="nginx",exe="/usr/sbin/nginx",type="regular",state="running",zone="package"} 2',
    '{pid="7",comm="nginx",exe="/usr/sbin/nginx",type="regular",state="running",zone="dram"} 1',
    `{pid="8",comm="we\\"ird\\\\name",type="container",state="running",container_id="${id}",zone="package"} 2`,
    `{pid="8",comm="we\\"ird\\\\name",type="container",state="running",container_id="${id}",zone="dram"} 1`,
  ]);
  assert.deepEqual(
    samples(text, 'kepler_container_cpu_watts')[0],
    `{container_id="${id}",container_name="web",runtime="containerd",state="running",pod_id="u1",node_name="node-1",zone="package"} 2`,
  );
  assert.deepEqual(samples(text, 'kepler_pod_gpu_watts'), [
    '{pod_id="u1",pod_name="web-1",pod_namespace="default",state="running",node_name="node-1",gpu_uuid="GPU-11"} 1',
  ]);
  assert.equal(samples(text, 'kepler_vm_cpu_joules_total').length, 2);
  assert.equal(samples(text, 'kisimd_unit_cpu_joules_total').length, 4);
});

test('what is not measured says so in every series, what is measured has no such label', () => {
  const estimated = aZone({ id: 'estimated', source: 'estimated', provenance: 'estimated' });
  const pod = anEntity('pod', 'web', { podUid: 'u' });
  const text = metricsText(
    ledgerOf(anInterval(1, [zoneInterval(estimated, { active: 2 })], [share(nginx, [1]), share(pod, [1])])),
    'prometheus',
    options,
  );
  const lines = text
    .split('\n')
    .filter((line) => /^(kepler|kisimd_unit)_.*(joules_total|watts)\{/.test(line));
  assert.ok(lines.length >= 8);
  for (const line of lines) assert.match(line, /source="estimated"/);
  assert.match(samples(text, 'kisimd_zone_info')[0]!, /source="estimated",provenance="estimated"/);
  const measured = metricsText(everything(), 'prometheus', options);
  assert.ok(!/^kepler_(node|process|pod).*source=/m.test(measured));
});

test('an unknown power has no sample while the counter stands still', () => {
  const ledger = ledgerOf(
    anInterval(1, [zoneInterval(pkg, { idle: 1, active: 1 })], [share(nginx, [1])]),
    anInterval(2, [zoneGap(pkg, 'negative-jump')]),
  );
  const text = metricsText(ledger, 'prometheus', options);
  assert.deepEqual(samples(text, 'kepler_node_cpu_watts'), []);
  assert.deepEqual(samples(text, 'kepler_process_cpu_watts'), []);
  assert.match(samples(text, 'kepler_node_cpu_joules_total')[0]!, / 2$/);
  assert.deepEqual(samples(text, 'kisimd_zone_gaps_total'), ['{zone="package-0",reason="negative-jump"} 1']);
});

test('a process at rest shows its energy but no power; a container shows zero', () => {
  const web = anEntity('container', 'web', { containerId: 'c' });
  const ledger = ledgerOf(
    anInterval(1, [zoneInterval(pkg, { active: 1 })], [share(nginx, [1]), share(web, [1])]),
    anInterval(2, [zoneInterval(pkg, {})]),
  );
  const text = metricsText(ledger, 'prometheus', options);
  assert.equal(samples(text, 'kepler_process_cpu_joules_total').length, 1);
  assert.equal(samples(text, 'kepler_process_cpu_watts').length, 0);
  assert.match(samples(text, 'kepler_container_cpu_watts')[0]!, / 0$/);
});

test('two sockets with one perf path keep their series apart', () => {
  const path = '/sys/bus/event_source/devices/power/events/energy-pkg';
  const zones = [aZone({ path }), aZone({ id: 'package-1', socket: 1, path })];
  const text = metricsText(
    ledgerOf(
      anInterval(
        1,
        zones.map((zone) => zoneInterval(zone, { idle: 1 })),
      ),
    ),
    'prometheus',
    options,
  );
  assert.equal(new Set(samples(text, 'kepler_node_cpu_joules_total')).size, 2);
});

test('the description of a zone stands in one series alone, and node and workloads call the zone by one name', () => {
  const sentence = aZone({
    id: 'node-estimated',
    kind: 'other',
    path: 'models/cpu-watts.json#amd-epyc-gen3',
    description: 'AMD EPYC: 0.8 W idle to 3.7 W',
    source: 'estimated',
    provenance: 'estimated',
  });
  const text = metricsText(
    ledgerOf(anInterval(1, [zoneInterval(sentence, { active: 2 })], [share(nginx, [2])])),
    'prometheus',
    options,
  );
  assert.deepEqual(samples(text, 'kepler_node_cpu_watts'), [
    '{zone="node-estimated",path="models/cpu-watts.json#amd-epyc-gen3",node_name="node-1",source="estimated"} 2',
  ]);
  assert.match(samples(text, 'kepler_process_cpu_watts')[0]!, /zone="node-estimated",source="estimated"/);
  assert.match(samples(text, 'kisimd_zone_info')[0]!, /description="AMD EPYC/);
  assert.equal(text.split('AMD EPYC').length - 1, 1);
});

test('export.processMetrics chooses the families of processes', () => {
  const text = metricsText(everything(), 'prometheus', { ...options, processMetrics: ['seconds'] });
  assert.equal(samples(text, 'kepler_process_cpu_joules_total').length, 0);
  assert.match(samples(text, 'kepler_process_cpu_seconds_total')[0]!, / 0\.1$/);
  assert.ok(samples(text, 'kepler_container_cpu_joules_total').length > 0);
});

test('no series stands twice on the page', () => {
  const names = metricsText(everything(), 'prometheus', options)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.slice(0, line.lastIndexOf(' ')));
  assert.equal(new Set(names).size, names.length);
});

test('every family on the page is in the table, with its labels, and in the manual', () => {
  const text = metricsText(everything(), 'prometheus', {
    ...options,
    status: {
      scanner: { births: 'connector', exits: 'taskstats', storm: false, overruns: 0, unreadable: 1 },
      history: { backlogBatches: 0, droppedSeconds: 0 },
    },
  });
  const byName = new Map(allFamilies().map((family) => [family.name, family]));
  const manual = describeMetrics();
  for (const line of text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))) {
    const name = line.split(/[{ ]/, 1)[0]!;
    const family = byName.get(name);
    assert.ok(family !== undefined, name);
    assert.ok(manual.includes(`\`${name}\``), name);
    for (const [, label] of line.matchAll(/[{,]([a-z_]+)="/g)) {
      assert.ok(family.labels.includes(label!), `${name}: ${label}`);
    }
  }
});

/** A host of a thousand processes: some at work, some that have worked, the rest a few milliseconds each. */
function thousandProcesses(worked: number, atWork: number): number {
  const exes = [
    '/usr/bin/node',
    '/usr/sbin/nginx',
    '/usr/lib/systemd/systemd-journald',
    '/usr/bin/python3.11',
  ];
  const who = Array.from({ length: 1000 }, (_, i) => {
    const exe = exes[i % exes.length]!;
    const inContainer = i % 4 === 0 ? { containerId: (i % 16).toString(16).repeat(64) } : {};
    return anEntity('process', exe.split('/').at(-1)!, { pid: 10_000 + i, exe, ...inContainer });
  });
  const zones = [zoneInterval(pkg, { active: 1 })];
  const bytes = (ledger: Ledger) => Buffer.byteLength(metricsText(ledger, 'prometheus', options));
  const first = who.map((entity, i) => share(entity, [i < worked ? 123.456 + i : 0.05]));
  const second = who.slice(0, atWork).map((entity) => share(entity, [0.123]));
  const count = { processCount: 1000 };
  const ledger = ledgerOf(anInterval(1, zones, first, count), anInterval(2, zones, second, count));
  return (bytes(ledger) - bytes(ledgerOf(anInterval(1, zones)))) / 1000;
}

test('a thousand processes cost at most 150 bytes each', () => {
  const perProcess = thousandProcesses(500, 100);
  assert.ok(perProcess > 50 && perProcess <= 150, `${perProcess} bytes`);
});

test('also where all of them are at work: the smallest are summed, the greatest and the newly busy are listed', () => {
  const perProcess = thousandProcesses(1000, 1000);
  assert.ok(perProcess > 100 && perProcess <= 150, `${perProcess} bytes`);
  const zones = [zoneInterval(pkg, { active: 1 })];
  const crowd = Array.from({ length: 1000 }, (_, i) =>
    anEntity('process', 'worker', { pid: 10_000 + i, exe: '/usr/bin/worker' }),
  );
  const first = crowd.map((entity, i) => share(entity, [1 + i]));
  const second = crowd.map((entity) => share(entity, [0.5]));
  const count = { processCount: 1001 };
  const ledger = ledgerOf(
    anInterval(1, zones, [...first, share(nginx, [0.01])], count),
    anInterval(2, zones, [...second, share(nginx, [40])], count),
  );
  const text = metricsText(ledger, 'prometheus', options);
  const listed = samples(text, 'kepler_process_cpu_joules_total');
  assert.ok(listed.length > 200 && listed.length < 1000, `${listed.length}`);
  assert.ok(listed.some((line) => line.includes('comm="nginx"')));
  const shown = listed.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  const unlisted = Number(samples(text, 'kisimd_unlisted_process_joules')[0]);
  const all = (1000 * 1001) / 2 + 1000 * 0.5 + 40.01;
  assert.ok(Math.abs(shown + unlisted - all) < 0.1, `${shown} + ${unlisted} of ${all}`);
});

test('a small host lists all of its processes', () => {
  const crowd = Array.from({ length: 90 }, (_, i) =>
    share(anEntity('process', 'worker', { pid: 100 + i }), [0.002]),
  );
  const ledger = ledgerOf(anInterval(1, [zoneInterval(pkg, { active: 1 })], crowd, { processCount: 90 }));
  assert.equal(
    samples(metricsText(ledger, 'prometheus', options), 'kepler_process_cpu_joules_total').length,
    90,
  );
});

test('processes below a millijoule have no series, and their sum is told', () => {
  const small = [1, 2].map((pid) => share(anEntity('process', 'small', { pid }), [0.0008]));
  const ledger = ledgerOf(anInterval(1, [zoneInterval(pkg, { active: 3 })], [...small, share(nginx, [2.2])]));
  const text = metricsText(ledger, 'prometheus', options);
  assert.equal(samples(text, 'kepler_process_cpu_joules_total').length, 1);
  assert.deepEqual(samples(text, 'kisimd_unlisted_process_joules'), [' 0.002']);
  const all = metricsText(ledger, 'prometheus', { ...options, zeroEnergyProcesses: true });
  assert.equal(samples(all, 'kepler_process_cpu_joules_total').length, 3);
});

const promtool = spawnSync('promtool', ['--version']).error === undefined;

test('promtool has no complaint', { skip: promtool ? false : 'promtool is not installed' }, () => {
  const text = metricsText(everything(), 'prometheus', {
    ...options,
    processMetrics: ['joules', 'watts', 'seconds'],
    status: {
      scanner: { births: 'connector', exits: 'taskstats', storm: true, overruns: 2, unreadable: 1 },
      history: { backlogBatches: 3, droppedSeconds: 0 },
    },
  });
  const said = execFileSync('promtool', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
    stdio: 'pipe',
  });
  assert.equal(said, '');
});
