import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCli } from '../../../../src/cli/program.ts';
import { fakeHost } from '../fake-host.ts';

// On the machine that runs the tests: what it finds differs, the form and the promise of the status do not.
const local = ['--set', 'export.port=1'];

test('doctor --json is one object, and its status says whether anything can meter', async () => {
  const host = fakeHost({ HOME: '/tmp' });
  const status = await runCli(['doctor', '--json', ...local], host);
  const { canMeter, findings } = JSON.parse(host.out());
  assert.equal(status, canMeter ? 0 : 1);
  const topics = new Set(findings.map((finding: { topic: string }) => finding.topic));
  for (const topic of ['host', 'configuration', 'energy', 'processes', 'containers', 'history', 'daemon']) {
    assert.ok(topics.has(topic), topic);
  }
  for (const { mark, subject, action } of findings) {
    if (mark === 'refused') assert.ok(action, `${subject} says what to do`);
  }
});

test('with nothing to meter the status is 1', async () => {
  const host = fakeHost({ HOME: '/tmp' });
  const status = await runCli(
    ['doctor', '--set', 'meter.sources=rapl-powercap', '--set', 'roots.sys=/nonexistent'],
    host,
  );
  assert.equal(status, 1);
  assert.match(host.out(), /nothing can be metered here/);
});

test('a configuration with mistakes does not stop the doctor', async () => {
  const host = fakeHost({ HOME: '/tmp' });
  await runCli(['doctor', '--set', 'export.prot=1'], host);
  assert.match(host.out(), /✗ settings .*export\.prot/);
  assert.match(host.out(), /did you mean export\.port\?/);
  assert.match(host.out(), /^energy$/m);
});
