import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { staticBusybox } from './support/busybox.ts';
import { cgroupCpuReader } from './support/cgroup.ts';
import { Cleanups } from './support/cleanups.ts';
import { Containerd } from './support/containerd.ts';
import { assertEnergyFollowsLoad, describeLoad } from './support/follows-load.ts';
import { Meter } from './support/meter.ts';
import { unmetNeeds } from './support/needs.ts';
import { ociImage } from './support/oci-image.ts';
import { scratchFolder } from './support/scratch.ts';
import { assertInHistory, assertInMetrics, assertInTop } from './support/told-alike.ts';

const image = 'kisimd.test/busybox:1';
const skip = unmetNeeds({
  root: true,
  programs: {
    containerd: 'containerd',
    ctr: 'containerd',
    runc: 'runc',
    'dpkg-deb': 'dpkg',
    'apt-get': 'apt',
  },
});

describe('containers of containerd', { skip }, () => {
  const cleanups = new Cleanups();
  const name = `kisimd-web-${process.pid}`;
  let meter: Meter;
  let containerd: Containerd;

  before(async () => {
    const folder = scratchFolder('container', cleanups);
    containerd = await Containerd.start(folder, cleanups);
    const archive = join(folder, 'image.tar');
    const files = [
      ...['bin', 'dev', 'etc', 'proc', 'sys', 'tmp'].map((path) => ({ path })),
      { path: 'bin/busybox', contents: readFileSync(staticBusybox()), mode: 0o755 },
      ...['sh', 'sleep'].map((applet) => ({ path: `bin/${applet}`, linkTo: 'busybox' })),
    ];
    writeFileSync(archive, ociImage(image, files, ['sleep', '3600']));
    containerd.importImage(archive);
    meter = await Meter.start(folder, cleanups);
    containerd.runContainer(image, name, cleanups);
  });
  after(() => cleanups.run());

  test('a container shows with its name, and its energy follows a load started inside', async (t) => {
    const [pid] = containerd.processIds(name);
    assert(pid !== undefined, 'the container runs');
    const load = await assertEnergyFollowsLoad(meter, {
      kind: 'container',
      name,
      startLoad: () => containerd.exec(name, 'load', ['sh', '-c', 'while :; do :; done']),
      trueCpuSeconds: cgroupCpuReader(pid),
    });
    t.diagnostic(describeLoad(load));
  });

  test('what exited between two scans stays with the container', async (t) => {
    const [pid] = containerd.processIds(name);
    assert(pid !== undefined, 'the container runs');
    // Each loop ends by itself after some 20 ms, far below the interval of 500 ms.
    const storm =
      'i=0; while [ $i -lt 150 ]; do sh -c "n=0; while [ \\$n -lt 20000 ]; do n=\\$((n+1)); done"; i=$((i+1)); done';
    const load = await assertEnergyFollowsLoad(meter, {
      kind: 'container',
      name,
      startLoad: () => containerd.exec(name, 'storm', ['sh', '-c', `while :; do ${storm}; done`]),
      trueCpuSeconds: cgroupCpuReader(pid),
    });
    t.diagnostic(describeLoad(load));
  });

  test('/metrics, top and the history tell the same energy of it', async () => {
    const entity = await meter.entity('container', name);
    const label = `container_name="${name}"`;
    assertInMetrics(await meter.text('/metrics'), 'kepler_container_cpu_joules_total', label, entity);
    assertInTop(meter.command('top', '--count', '1', '--by', 'container', '--json'), entity);
    assertInHistory(meter.energyJson('container'), entity);
  });
});
