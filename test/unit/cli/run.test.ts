import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCli } from '../../../src/cli/program.ts';
import { SyntheticHost } from '../../support/synthetic-host.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { fakeHost } from './fake-host.ts';

/** The daemon over a synthetic host, asked to stop before it is up; what it says of itself is its exit status. */
async function run(
  t: Parameters<typeof temporaryFolder>[0],
  words: readonly string[],
  set: readonly string[] = [],
) {
  const synthetic = new SyntheticHost();
  t.after(() => synthetic.remove());
  const path = join(temporaryFolder(t), 'energy.db');
  const settings = [
    'log.level=error',
    'meter.sources=rapl-powercap',
    'meter.process-clock=stat',
    `roots.proc=${synthetic.roots.proc}`,
    `roots.sys=${synthetic.roots.sys}`,
    `history.path=${path}`,
    'export.port=0',
    ...set,
  ];
  const host = { ...fakeHost(), signal: AbortSignal.abort('SIGTERM') };
  const status = await runCli(['run', ...words, ...settings.flatMap((one) => ['--set', one])], host);
  return { status, path, err: host.err() };
}

test('a wish to stop that came before it was up ends it with 0, with a whole database', async (t) => {
  const { status, path } = await run(t, []);
  assert.equal(status, 0);
  assert.ok(existsSync(path));
  assert.ok(!existsSync(`${path}-wal`));
});

test('--no-history keeps nothing', async (t) => {
  const { status, path } = await run(t, ['--no-history', '--no-export']);
  assert.equal(status, 0);
  assert.ok(!existsSync(path));
});

test('--set after a short option wins, as with every setting', async (t) => {
  const { path } = await run(t, ['--no-history'], ['history.enabled=true']);
  assert.ok(existsSync(path));
});

test('--policy is what places pods', async (t) => {
  const { status, err } = await run(t, ['--policy', 'nonsense'], ['placement.cluster=simulated']);
  assert.notEqual(status, 0);
  assert.match(err, /^KISIM_E_POLICY_UNKNOWN: /);
});

test('an interval that is none and a way that is none are told by their code', async (t) => {
  const interval = await run(t, ['--interval', 'soon']);
  assert.notEqual(interval.status, 0);
  assert.match(interval.err, /^KISIM_E_\w+: /);
  const idle = await run(t, ['--idle', 'both']);
  assert.equal(idle.status, 2);
  assert.match(idle.err, /^KISIM_E_USAGE: /);
});

test('a start that fails is a coded error and status 1', async (t) => {
  const { status, err } = await run(t, [], ['roots.proc=/nonexistent']);
  assert.equal(status, 1);
  assert.match(err, /^KISIM_E_METER_SCAN: /);
});
