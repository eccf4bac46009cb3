import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addonFinding } from '../../../../src/cli/doctor/addon.ts';
import { type HostCard, hostFindings, readHostCard } from '../../../../src/cli/doctor/host.ts';
import { nativeErrors } from '../../../../src/native/errors.ts';

const card: HostCard = {
  hostname: 'db1',
  distribution: 'Debian GNU/Linux 12',
  kernel: '6.1.0',
  architecture: 'x64',
  cpuModel: 'Intel Xeon Gold 6230',
  sockets: 2,
  cores: 40,
  threads: 80,
  memoryBytes: 64 * 2 ** 30,
  virtualisation: '',
  systemModel: 'Dell R640',
};

test('the card tells model, sockets, cores, threads and memory', () => {
  const findings = hostFindings(card, '24.0.0');
  assert.equal(
    findings.find(({ subject }) => subject === 'cpu')?.says,
    'Intel Xeon Gold 6230, 2 sockets, 40 cores, 80 threads, 64.0 GiB of memory',
  );
  assert.equal(findings.find(({ subject }) => subject === 'virtualisation')?.mark, 'ok');
});

test('a virtual machine is told with what to do', () => {
  const findings = hostFindings({ ...card, virtualisation: 'KVM' }, '24.0.0');
  const finding = findings.find(({ subject }) => subject === 'virtualisation');
  assert.equal(finding?.mark, 'warn');
  assert.match(finding?.says ?? '', /KVM/);
  assert.ok(finding?.action);
});

test('what is not known is said to be unknown', () => {
  const unknown = { ...card, cpuModel: '', sockets: undefined, cores: undefined, memoryBytes: undefined };
  assert.equal(
    hostFindings(unknown, '24.0.0').find(({ subject }) => subject === 'cpu')?.says,
    'unknown model, unknown number of sockets, unknown number of cores, 80 threads, memory unknown',
  );
});

test('the card of this very machine can be read', async () => {
  const { hostname, kernel, threads } = await readHostCard();
  assert.notEqual(hostname, '');
  assert.match(kernel, /^\d+\./);
  assert.ok((threads ?? 0) >= 1);
});

test('an addon that does not load is refused with the command that builds it', () => {
  const finding = addonFinding(() => {
    throw nativeErrors.KISIM_E_ADDON_MISSING('no file x');
  });
  assert.equal(finding.mark, 'refused');
  assert.equal(finding.code, 'KISIM_E_ADDON_MISSING');
  assert.match(finding.action ?? '', /npm run setup/);
  assert.equal(addonFinding(() => ({})).mark, 'ok');
});
