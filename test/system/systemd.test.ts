import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BootedSystem } from './support/booted-system.ts';
import { Cleanups } from './support/cleanups.ts';
import { assertEnergyFollowsLoad, describeLoad } from './support/follows-load.ts';
import { checkout, freePort, MeterClient, mainFile } from './support/meter.ts';
import { unmetNeeds } from './support/needs.ts';
import { writableRootFileSystem } from './support/root-file-system.ts';
import { output } from './support/run-command.ts';
import { assertInHistory, assertInMetrics, assertInTop } from './support/told-alike.ts';
import { waitFor } from './support/wait-for.ts';

const skip = unmetNeeds({
  root: true,
  programs: { 'systemd-nspawn': 'systemd-container', debootstrap: 'debootstrap', nsenter: 'util-linux' },
});

const historyPath = '/var/lib/kisimd/energy.db';

describe('the service rl-sched in a booted systemd', { skip }, () => {
  const cleanups = new Cleanups();
  let root: string;
  let system: BootedSystem;
  let meter: MeterClient;

  before(async () => {
    root = writableRootFileSystem(cleanups);
    const port = await freePort();
    mkdirSync(join(root, 'etc/kisimd'), { recursive: true });
    // The container shares the host's network, where another daemon may hold the usual port.
    writeFileSync(
      join(root, 'etc/kisimd/config.yaml'),
      `meter:\n  interval-milliseconds: 500\nexport:\n  port: ${port}\n`,
    );
    // A unit that burns on request: SIGUSR1 starts a busy loop, SIGUSR2 ends it.
    writeFileSync(
      join(root, 'etc/systemd/system/hog.service'),
      `[Service]
ExecStart=/bin/sh -c 'trap "busy=1" USR1; trap "busy=" USR2; while :; do [ "$$busy" ] || sleep 0.2; done'
`,
    );
    system = await BootedSystem.boot(root, cleanups, { readOnly: [checkout] });
    meter = new MeterClient(port);
  });
  after(() => cleanups.run());

  const kisimd = (...words: readonly string[]): string => system.run('/usr/local/bin/kisimd', ...words);
  const mainPid = (): number => Number(system.property('rl-sched', 'MainPID'));
  /** Rows and microjoules up to a second. */
  const stored = (until: number): readonly number[] =>
    system
      .run('sqlite3', '-readonly', historyPath, `select count(*), sum(uj) from recent where ts <= ${until}`)
      .split('|')
      .map(Number);
  const lastStored = (): number =>
    Number(system.run('sqlite3', '-readonly', historyPath, 'select coalesce(max(ts), 0) from recent'));
  const waitForRestart = async (pid: number, seconds: number): Promise<void> => {
    await waitFor('systemd to have started the daemon again', seconds, () => {
      const now = mainPid();
      return now > 0 && now !== pid && system.property('rl-sched', 'ActiveState') === 'active';
    });
    await meter.waitUntilReady();
  };

  test('install-service puts everything in place from the checkout, twice with the same result', () => {
    const installer = [
      join(checkout, 'node_modules/.bin/node'),
      join(checkout, 'src/main.ts'),
      'install-service',
    ];
    system.run(...installer);
    assert.match(system.run('id', 'kisimd'), /uid=\d+\(kisimd\)/);
    assert.equal(system.property('rl-sched', 'LoadState'), 'loaded');
    assert.match(system.run(...installer), /unchanged write \/etc\/systemd\/system\/rl-sched\.service/);
    assert.match(kisimd('--version'), /^\d+\.\d+\.\d+/);
  });

  test("systemd-tmpfiles opens the zones' counters to the group, and to nobody else", () => {
    // Played: the container may not write to /sys, and this machine may have no zones.
    const played = '/tmp/played-zones';
    const zone = `${played}/sys/devices/virtual/powercap/intel-rapl/intel-rapl:0`;
    system.run(
      'sh',
      '-ec',
      `mkdir -p ${zone}/intel-rapl:0:0 ${played}/sys/class/powercap ${played}/etc/tmpfiles.d
cp /etc/passwd /etc/group ${played}/etc
cp /etc/tmpfiles.d/kisimd.conf ${played}/etc/tmpfiles.d
for folder in ${zone} ${zone}/intel-rapl:0:0; do
  echo 1 > $folder/energy_uj
  chmod 0400 $folder/energy_uj
  ln -s ../../\${folder#${played}/sys/} ${played}/sys/class/powercap
done`,
    );
    system.run('systemd-tmpfiles', `--root=${played}`, '--create', 'kisimd.conf');
    for (const folder of [zone, `${zone}/intel-rapl:0:0`]) {
      assert.equal(system.run('stat', '--format=%a %U %G', `${folder}/energy_uj`), '440 root kisimd\n');
    }
  });

  test('the udev rule matches a device that has the counter, and runs what opens it', () => {
    // Without powercap here, the rule is played on the loopback interface: another subsystem, another attribute.
    const rule = readFileSync(join(root, 'etc/udev/rules.d/60-kisimd-powercap.rules'), 'utf8')
      .replaceAll('SUBSYSTEM=="powercap"', 'SUBSYSTEM=="net"')
      .replaceAll('energy_uj', 'mtu');
    writeFileSync(join(root, 'etc/udev/rules.d/61-played.rules'), rule);
    const { stdout } = system.attempt(['udevadm', 'test', '--action=change', '/sys/class/net/lo']);
    assert.match(stdout, /^run: '\/bin\/chgrp kisimd \/sys\/devices\/virtual\/net\/lo\/mtu'$/m);
    assert.match(stdout, /^run: '\/bin\/chmod 0440 \/sys\/devices\/virtual\/net\/lo\/mtu'$/m);
  });

  test('systemctl start returns when the daemon has said that it is ready', async (t) => {
    assert.equal(system.property('rl-sched', 'Type'), 'notify');
    const started = performance.now();
    system.run('systemctl', 'start', 'rl-sched');
    t.diagnostic(`systemctl start took ${((performance.now() - started) / 1000).toFixed(1)} s`);
    assert.equal(system.property('rl-sched', 'ActiveState'), 'active');
    // Without a wait: ready means that it answers.
    assert.equal((await meter.fetch('/healthz')).status, 200);
  });

  test('runs as its own user with the two capabilities and no others', () => {
    const status = system.run('cat', `/proc/${mainPid()}/status`);
    const uid = system.run('id', '-u', 'kisimd').trim();
    assert.match(status, new RegExp(`^Uid:\\s+${uid}\\s+${uid}\\s+${uid}\\s+${uid}$`, 'm'));
    // CAP_NET_ADMIN is 12, CAP_PERFMON is 38 (include/uapi/linux/capability.h).
    const wanted = ((1n << 12n) | (1n << 38n)).toString(16).padStart(16, '0');
    assert.match(status, new RegExp(`^CapEff:\\s+${wanted}$`, 'm'));
    assert.match(status, new RegExp(`^CapBnd:\\s+${wanted}$`, 'm'));
    assert.match(status, /^NoNewPrivs:\s+1$/m);
  });

  test('holds the memory of the goal, on a compile cache of its own', (t) => {
    const resident =
      Number(system.run('cat', `/proc/${mainPid()}/status`).match(/^VmRSS:\s+(\d+) kB$/m)?.[1]) / 1024;
    t.diagnostic(`${resident.toFixed(0)} MB resident`);
    assert(resident < 120, `${resident} MB`);
    assert.match(system.run('stat', '--format=%U', '/var/cache/kisimd/.warm'), /^kisimd$/m);
  });

  test('systemd-analyze security rates its exposure 3.0 or lower', (t) => {
    const report = system.run('systemd-analyze', 'security', '--no-pager', 'rl-sched');
    const exposure = Number(report.match(/Overall exposure level for rl-sched\.service: ([\d.]+)/)?.[1]);
    t.diagnostic(`exposure ${exposure}`);
    assert(exposure <= 3.0, report);
  });

  test('a unit shows with its name, and its energy follows its load', async (t) => {
    system.run('systemctl', 'start', 'hog.service');
    const group = system.property('hog.service', 'ControlGroup');
    const cpuStat = `/sys/fs/cgroup/unified${group}/cpu.stat`;
    const path =
      system.attempt(['test', '-e', cpuStat]).status === 0 ? cpuStat : `/sys/fs/cgroup${group}/cpu.stat`;
    const signal = (name: string) => void system.run('systemctl', 'kill', `--signal=${name}`, 'hog.service');
    const load = await assertEnergyFollowsLoad(meter, {
      kind: 'unit',
      name: 'hog.service',
      startLoad: () => {
        signal('SIGUSR1');
        return () => signal('SIGUSR2');
      },
      trueCpuSeconds: () => Number(system.run('cat', path).match(/^usage_usec (\d+)$/m)?.[1]) / 1e6,
    });
    t.diagnostic(describeLoad(load));
  });

  test('/metrics, top and the history tell the same energy of it', async () => {
    const entity = await meter.entity('unit', 'hog.service');
    const label = 'unit="hog.service"';
    assertInMetrics(await meter.text('/metrics'), 'kisimd_unit_cpu_joules_total', label, entity);
    assertInTop(kisimd('top', '--count', '1', '--by', 'unit', '--json'), entity);
    assertInHistory(kisimd('energy', '--by', 'unit', '--since', '1h', '--json', '--db', historyPath), entity);
  });

  test('a member of the group reads the history while the daemon writes it, others do not', () => {
    const nobodyIn = (group: string, ...argv: readonly string[]) =>
      system.attempt(['setpriv', '--reuid=65534', `--regid=${group}`, '--clear-groups', ...argv]);
    const query = ['sqlite3', '-readonly', historyPath, 'select count(*) from node_hour'];
    const { status, stdout, stderr } = nobodyIn('kisimd', ...query);
    assert.equal(status, 0, stderr);
    assert(Number(stdout) >= 1, stdout);
    const energy = nobodyIn('kisimd', '/usr/local/bin/kisimd', 'energy', '--json', '--db', historyPath);
    assert.equal(energy.status, 0, energy.stderr);
    assert.notEqual(nobodyIn('65534', ...query).status, 0);
  });

  test('kill -9 costs no stored row: it is started again and the history is whole', async () => {
    const pid = mainPid();
    const until = await waitFor('stored seconds', 20, () => lastStored() || undefined);
    const [rows = 0, energy = 0] = stored(until);
    assert(rows > 0 && energy > 0);
    system.run('kill', '-9', String(pid));
    await waitForRestart(pid, 15);
    assert.equal(system.run('sqlite3', historyPath, 'pragma integrity_check').trim(), 'ok');
    const [rowsNow = 0, energyNow = 0] = stored(until);
    // More, where the same second was still being written.
    assert(rowsNow >= rows, `${rowsNow} of ${rows} rows`);
    assert(energyNow >= energy, `${energyNow} of ${energy} uJ`);
    await waitFor('rows of the new daemon', 20, () => lastStored() > until);
  });

  test('a daemon that hangs is killed by the watchdog and started again', async () => {
    assert.equal(system.property('rl-sched', 'WatchdogUSec'), '30s', 'as shipped');
    system.run('mkdir', '-p', '/run/systemd/system/rl-sched.service.d');
    system.run(
      'sh',
      '-c',
      'printf "[Service]\\nWatchdogSec=3\\nTimeoutAbortSec=1\\n" > /run/systemd/system/rl-sched.service.d/short.conf',
    );
    system.run('systemctl', 'daemon-reload');
    system.run('systemctl', 'restart', 'rl-sched');
    await meter.waitUntilReady();
    const pid = mainPid();
    const restarts = Number(system.property('rl-sched', 'NRestarts'));

    // A daemon in good health outlives several watchdog periods: its pings arrive.
    const { unixMilliseconds: began } = await meter.now();
    await waitFor(
      'three watchdog periods',
      30,
      async () => (await meter.now()).unixMilliseconds > began + 9000,
    );
    assert.equal(mainPid(), pid);

    system.run('kill', '-STOP', String(pid));
    await waitForRestart(pid, 20);
    assert.equal(Number(system.property('rl-sched', 'NRestarts')), restarts + 1);
    assert.match(system.journal('rl-sched'), /Watchdog timeout/i);
    assert.equal(system.run('sqlite3', historyPath, 'pragma integrity_check').trim(), 'ok');
  });

  test('a mistake in the configuration makes the start fail, and the journal says which', async () => {
    const drop = join(root, 'etc/kisimd/config.d');
    mkdirSync(drop);
    writeFileSync(join(drop, 'mistake.yaml'), 'meter:\n  intervall: 1s\n');
    assert.notEqual(system.attempt(['systemctl', 'restart', 'rl-sched']).status, 0);
    assert.match(system.journal('rl-sched'), /KISIM_E_CONFIG_\w+.*intervall/);
    rmSync(drop, { recursive: true });
    // systemd keeps trying, so that a corrected file is enough.
    await waitFor('the corrected daemon', 20, () => system.property('rl-sched', 'ActiveState') === 'active');
    await meter.waitUntilReady();
  });

  test('systemctl stop ends it within 5 s, in order', (t) => {
    const began = performance.now();
    system.run('systemctl', 'stop', 'rl-sched');
    const seconds = (performance.now() - began) / 1000;
    t.diagnostic(`systemctl stop took ${seconds.toFixed(2)} s`);
    assert(seconds < 5, `${seconds} s`);
    assert.equal(system.property('rl-sched', 'ActiveState'), 'inactive');
    // 'timeout' or 'signal' if it had to be killed.
    assert.equal(system.property('rl-sched', 'Result'), 'success');
    assert.equal(system.property('rl-sched', 'ExecMainStatus'), '0');
  });

  test('--enable starts it at boot, --uninstall takes it away and leaves the history', async () => {
    kisimd('install-service', '--enable');
    assert.equal(system.property('rl-sched', 'UnitFileState'), 'enabled');
    assert.equal(system.property('rl-sched', 'ActiveState'), 'active');
    kisimd('install-service', '--uninstall');
    assert.equal(system.property('rl-sched', 'LoadState'), 'not-found');
    assert.notEqual(system.attempt(['test', '-e', '/usr/local/lib/kisimd']).status, 0);
    assert.equal(system.attempt(['test', '-s', historyPath]).status, 0);
  });
});

describe('an image into which the service was installed', { skip }, () => {
  const cleanups = new Cleanups();
  after(() => cleanups.run());

  test('meters from its first boot on', async () => {
    const root = writableRootFileSystem(cleanups);
    const port = await freePort();
    mkdirSync(join(root, 'etc/kisimd'), { recursive: true });
    writeFileSync(join(root, 'etc/kisimd/config.yaml'), `export:\n  port: ${port}\n`);
    output([process.execPath, mainFile, 'install-service', '--root', root, '--enable']);
    const system = await BootedSystem.boot(root, cleanups, { readOnly: [] });
    const meter = new MeterClient(port);
    await meter.waitUntilReady();
    assert.equal(system.property('rl-sched', 'ActiveState'), 'active');
    assert.equal(system.property('rl-sched', 'User'), 'kisimd');
  });
});
