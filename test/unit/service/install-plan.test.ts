import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import {
  checkedPrefix,
  type InstallHost,
  type InstallRequest,
  type InstallStep,
  planInstall,
  planUninstall,
  type ServiceFiles,
  serviceFileNames,
} from '../../../src/service/install-plan.ts';

const files = Object.fromEntries(
  serviceFileNames.map((name) => [
    name,
    readFileSync(new URL(`../../../systemd/${name}`, import.meta.url), 'utf8'),
  ]),
) as ServiceFiles;
const booted: InstallHost = { uid: 0, systemdRuns: true, udevRuns: true, unitInstalled: false };
const request: InstallRequest = { checkout: '/src/kisimd', root: '/', prefix: '/usr/local', enable: false };

const commands = (steps: readonly InstallStep[]): string[] =>
  steps.flatMap((step) => (step.kind === 'command' ? [step.argv.join(' ')] : []));
const contentsOf = (steps: readonly InstallStep[], path: string): string => {
  const step = steps.find((one) => one.kind === 'file' && one.path === path);
  assert(step?.kind === 'file', `no file ${path} in the plan`);
  return step.contents;
};

describe('planInstall', () => {
  test('starts the installed program by an absolute path, without a shell between systemd and its launcher', () => {
    const { steps } = planInstall(request, booted, files, undefined);
    assert.match(
      contentsOf(steps, '/etc/systemd/system/rl-sched.service'),
      /^ExecStart=\/usr\/local\/lib\/kisimd\/scripts\/kisimd run$/m,
    );
  });

  test('puts another prefix into the unit and the launcher, and leaves no trace of the default', () => {
    const { steps } = planInstall({ ...request, prefix: '/opt/kisimd/' }, booted, files, undefined);
    const unit = contentsOf(steps, '/etc/systemd/system/rl-sched.service');
    assert.match(unit, /^ExecStart=\/opt\/kisimd\/lib\/kisimd\/scripts\/kisimd run$/m);
    assert.doesNotMatch(unit, /\/usr\/local/);
    assert.match(
      contentsOf(steps, '/opt/kisimd/bin/kisimd'),
      /^exec \/opt\/kisimd\/lib\/kisimd\/scripts\/kisimd /m,
    );
  });

  test('makes the user before anything that names it, and loads the unit before it is started', () => {
    const order = commands(planInstall({ ...request, enable: true }, booted, files, undefined).steps);
    assert.deepEqual(order, [
      'systemd-sysusers kisimd.conf',
      'systemd-tmpfiles --create kisimd.conf',
      'udevadm control --reload',
      'udevadm trigger --action=change --subsystem-match=powercap',
      'systemctl daemon-reload',
      'systemctl try-restart rl-sched.service',
      'systemctl enable --now rl-sched.service',
    ]);
  });

  test('in an image, keeps every path below it and gives no order to the systemd of this machine', () => {
    const { steps } = planInstall(
      { ...request, root: '/mnt/image', enable: true },
      booted,
      files,
      'man page',
    );
    for (const step of steps) {
      if (step.kind === 'file' || step.kind === 'remove')
        assert.match(step.path, /^\/mnt\/image\/(etc|usr)\//);
      if (step.kind === 'program') assert.equal(step.to, '/mnt/image/usr/local/lib/kisimd');
    }
    // The unit names the place as the booted image will see it.
    assert.match(
      contentsOf(steps, '/mnt/image/etc/systemd/system/rl-sched.service'),
      /^ExecStart=\/usr\/local\//m,
    );
    assert.deepEqual(commands(steps), [
      'systemd-sysusers --root=/mnt/image kisimd.conf',
      'systemctl --root=/mnt/image enable rl-sched.service',
    ]);
  });

  test('without a running systemd, places the files and says that nothing was started', () => {
    const plan = planInstall(
      { ...request, enable: true },
      { ...booted, systemdRuns: false },
      files,
      undefined,
    );
    assert.deepEqual(commands(plan.steps), ['systemd-sysusers kisimd.conf']);
    assert.match(plan.notes.join('\n'), /systemd does not run here.*systemctl enable --now rl-sched/);
  });

  test('without udev, leaves udev alone and says so', () => {
    const plan = planInstall(request, { ...booted, udevRuns: false }, files, undefined);
    assert.equal(
      commands(plan.steps).some((line) => line.startsWith('udevadm')),
      false,
    );
    assert.match(plan.notes.join('\n'), /udev does not run here/);
  });

  test('refuses an ordinary user on the running system, not in a folder of their own', () => {
    const user = { ...booted, uid: 1000 };
    assert.throws(() => planInstall(request, user, files, undefined), { code: 'KISIM_E_SERVICE_NOT_ROOT' });
    assert.throws(() => planUninstall(request, user), { code: 'KISIM_E_SERVICE_NOT_ROOT' });
    planInstall({ ...request, root: '/home/me/image' }, user, files, undefined);
  });
});

describe('checkedPrefix', () => {
  const refused = [
    ['relative', 'opt'],
    ['hidden from the service by ProtectHome', '/root/kisimd'],
    ['hidden from the service by ProtectHome', '/home/me/.local'],
    ['hidden from the service by PrivateTmp', '/tmp/x'],
    ['hidden, by a detour', '/usr/../home/me'],
    ['gone after a boot', '/run/kisimd'],
    ['split by systemd', '/opt/my programs'],
    ['expanded by systemd', '/opt/%n'],
    ['expanded by systemd', '/opt/$HOME'],
  ] as const;
  for (const [why, prefix] of refused) {
    test(`refuses ${prefix} (${why})`, () => {
      assert.throws(() => checkedPrefix(prefix), { code: 'KISIM_E_SERVICE_PREFIX' });
    });
  }

  test('takes folders whose names only begin like a hidden one', () => {
    assert.equal(checkedPrefix('/homestead'), '/homestead');
    assert.equal(checkedPrefix('/usr'), '/usr');
    assert.equal(checkedPrefix('/'), '');
  });
});

describe('planUninstall', () => {
  test('removes every file that installing puts in place', () => {
    const installed = planInstall(request, booted, files, 'man page').steps.flatMap((step) =>
      step.kind === 'file' ? [step.path] : step.kind === 'program' ? [step.to] : [],
    );
    const removed = planUninstall(request, booted).steps.flatMap((step) =>
      step.kind === 'remove' ? [step.path] : [],
    );
    assert.deepEqual([...removed].sort(), [...installed].sort());
  });

  test('stops the service first, and only where its unit is there', () => {
    const there = planUninstall(request, { ...booted, unitInstalled: true });
    assert.equal(commands(there.steps)[0], 'systemctl disable --now rl-sched.service');
    assert.equal(there.steps[0]?.kind, 'command');
    assert.deepEqual(commands(planUninstall(request, booted).steps), ['systemctl daemon-reload']);
  });

  test('says that the history stays', () => {
    assert.match(planUninstall(request, booted).notes.join('\n'), /kept: \/var\/lib\/kisimd /);
  });
});
