import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runCli } from '../../../src/cli/program.ts';
import { settings } from '../../../src/config/settings.ts';
import { fakeHost } from './fake-host.ts';

let folder = '';
let good = '';
let bad = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'kisimd-config-'));
  good = join(folder, 'good.yaml');
  bad = join(folder, 'bad.yaml');
  writeFileSync(good, 'export:\n  port: 9\nattribution: {idle-watts: {package-0: 7.5}}\n');
  writeFileSync(bad, 'export:\n  prot: 9\nhistory: {hour-days: never}\n');
});
after(() => rmSync(folder, { recursive: true, force: true }));

test('config check says that a good file is good', async () => {
  const host = fakeHost();
  assert.equal(await runCli(['config', 'check', good], host), 0);
  assert.equal(host.out(), 'the configuration is good\n');
});

test('config check tells every mistake and ends with 1', async () => {
  const host = fakeHost();
  assert.equal(await runCli(['config', 'check', bad], host), 1);
  assert.match(host.out(), /export\.prot .*bad\.yaml:2:3/);
  assert.match(host.out(), /history\.hour-days is "never"/);
  assert.match(host.out(), /mistakes in the configuration: 2\n$/);
});

test('config check --json gives the mistakes to programs', async () => {
  const host = fakeHost();
  assert.equal(await runCli(['config', 'check', bad, '--json'], host), 1);
  const { ok, problems } = JSON.parse(host.out());
  assert.equal(ok, false);
  assert.deepEqual(
    problems.map((problem: { code: string }) => problem.code),
    ['KISIM_E_CONFIG_UNKNOWN_KEY', 'KISIM_E_CONFIG_VALUE'],
  );
});

test('config show --origin tells file and line, variable and flag', async () => {
  const host = fakeHost({ KISIMD_LOG_LEVEL: 'warn' });
  const argv = ['config', 'show', '--origin', '--config', good, '--set', 'history.hour-days=5'];
  assert.equal(await runCli(argv, host), 0);
  assert.match(host.out(), /^ {2}port: 9 # file: .*good\.yaml:2:3$/m);
  assert.match(host.out(), /^ {2}level: warn # environment: KISIMD_LOG_LEVEL$/m);
  assert.match(host.out(), /^ {2}hour-days: 5 # flag: --set history\.hour-days$/m);
  assert.match(host.out(), /^ {2}host: 127\.0\.0\.1 # default$/m);
});

test('what config show prints is a configuration file with the same meaning', async () => {
  const first = fakeHost();
  assert.equal(await runCli(['config', 'show', '--config', good, '--origin'], first), 0);
  const copy = join(folder, 'copy.yaml');
  writeFileSync(copy, first.out());
  const second = fakeHost();
  assert.equal(await runCli(['config', 'show', '--config', copy], second), 0);
  const third = fakeHost();
  assert.equal(await runCli(['config', 'show', '--config', good], third), 0);
  assert.equal(second.out(), third.out());
});

test('text that YAML could take for something else comes back as it was', async () => {
  const copy = join(folder, 'odd.yaml');
  for (const path of [
    'a\nb: c\n',
    'x # y',
    "it's",
    '"',
    '17',
    'true',
    ' padded ',
    '{a: b}',
    '*a',
    'ü\u0007',
    '- a',
    'x: y',
  ]) {
    const first = fakeHost();
    assert.equal(await runCli(['config', 'show', '--origin', '--set', `history.path=${path}`], first), 0);
    writeFileSync(copy, first.out());
    const second = fakeHost();
    assert.equal(await runCli(['config', 'show', '--json', '--config', copy], second), 0, second.err());
    assert.equal(JSON.parse(second.out())['history.path'].value, path);
  }
});

test('config show --json has every key', async () => {
  const host = fakeHost();
  assert.equal(await runCli(['config', 'show', '--config', good, '--json'], host), 0);
  const shown = JSON.parse(host.out());
  assert.deepEqual(
    Object.keys(shown),
    settings.map(({ key }) => key),
  );
  assert.deepEqual(shown['attribution.idle-watts'].value, { 'package-0': 7.5 });
});

test('config show refuses a configuration with mistakes', async () => {
  const host = fakeHost();
  assert.equal(await runCli(['config', 'show', '--config', bad], host), 1);
  assert.match(host.err(), /KISIM_E_CONFIG_INVALID/);
  assert.equal(host.out(), '');
});
