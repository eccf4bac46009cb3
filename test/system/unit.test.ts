import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { cgroupCpuReader } from './support/cgroup.ts';
import { Cleanups } from './support/cleanups.ts';
import { assertEnergyFollowsLoad, describeLoad } from './support/follows-load.ts';
import { Meter } from './support/meter.ts';
import { unmetNeeds } from './support/needs.ts';
import { output } from './support/run-command.ts';
import { scratchFolder } from './support/scratch.ts';

const skip = existsSync('/run/systemd/system')
  ? unmetNeeds({ root: true, programs: { 'systemd-run': 'systemd' } })
  : 'systemd does not run on this machine (the part systemd boots one)';

describe('systemd units of this machine', { skip }, () => {
  const cleanups = new Cleanups();
  const unit = `kisimd-test-${process.pid}.service`;
  let meter: Meter;

  before(async () => {
    meter = await Meter.start(scratchFolder('unit', cleanups), cleanups);
    // The loop waits for its signal, so that the unit is there before and after the load.
    const script = 'trap "busy=1" USR1; trap "busy=" USR2; while :; do [ "$busy" ] || sleep 0.2; done';
    cleanups.add(unit, () => output(['systemctl', 'stop', unit]));
    output(['systemd-run', `--unit=${unit}`, 'sh', '-c', script]);
  });
  after(() => cleanups.run());

  test('a unit shows with its name, and its energy follows its load', async (t) => {
    const pid = Number(output(['systemctl', 'show', '--property=MainPID', '--value', unit]));
    assert(pid > 0, 'the unit runs');
    const load = await assertEnergyFollowsLoad(meter, {
      kind: 'unit',
      name: unit,
      startLoad: () => {
        process.kill(pid, 'SIGUSR1');
        return () => void process.kill(pid, 'SIGUSR2');
      },
      trueCpuSeconds: cgroupCpuReader(pid),
    });
    t.diagnostic(describeLoad(load));
  });
});
