import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Cleanups } from './support/cleanups.ts';
import { assertEnergyFollowsLoad, describeLoad } from './support/follows-load.ts';
import { Guest } from './support/guest.ts';
import { Meter } from './support/meter.ts';
import { unmetNeeds } from './support/needs.ts';
import { processCpuSeconds } from './support/processes.ts';
import { scratchFolder } from './support/scratch.ts';
import { assertInHistory, assertInMetrics, assertInTop } from './support/told-alike.ts';

const skip =
  process.arch !== 'x64'
    ? 'the guest is built for x86-64'
    : unmetNeeds({
        programs: { 'qemu-system-x86_64': 'qemu-system-x86', 'dpkg-deb': 'dpkg', 'apt-get': 'apt' },
      });

describe('virtual machines', { skip }, () => {
  const cleanups = new Cleanups();
  let meter: Meter;
  let named: Guest;

  before(async () => {
    const folder = scratchFolder('vm', cleanups);
    meter = await Meter.start(folder, cleanups);
    // A comma in a name is doubled on QEMU's command line.
    named = await Guest.boot(join(folder, 'named'), ['-name', 'guest=web,,1,debug-threads=on'], cleanups);
  });
  after(() => cleanups.run());

  test('a guest shows with the name QEMU was given, and its energy follows a load inside', async (t) => {
    const load = await assertEnergyFollowsLoad(meter, {
      kind: 'vm',
      name: 'web,1',
      startLoad: () => named.startLoad(),
      trueCpuSeconds: () => processCpuSeconds(named.pid),
    });
    t.diagnostic(describeLoad(load));
  });

  test('/metrics, top and the history tell the same energy of it', async () => {
    const entity = await meter.entity('vm', 'web,1');
    assertInMetrics(await meter.text('/metrics'), 'kepler_vm_cpu_joules_total', 'vm_name="web,1"', entity);
    assertInTop(meter.command('top', '--count', '1', '--by', 'vm', '--json'), entity);
    assertInHistory(meter.energyJson('vm'), entity);
  });

  test("a guest without -name, as Minikube's qemu2 driver starts it, shows with its machine's name", async (t) => {
    const machine = join(scratchFolder('minikube', cleanups), 'machines', 'minikube-test');
    const guest = await Guest.boot(machine, ['-pidfile', join(machine, 'qemu.pid')], cleanups);
    assert.equal(readFileSync(join(machine, 'qemu.pid'), 'utf8').trim(), String(guest.pid));
    const load = await assertEnergyFollowsLoad(meter, {
      kind: 'vm',
      name: 'minikube-test',
      startLoad: () => guest.startLoad(),
      trueCpuSeconds: () => processCpuSeconds(guest.pid),
    });
    t.diagnostic(describeLoad(load));
  });
});
