import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { checkConfig, type LoadConfigInput, loadConfig } from '../../../src/config/load.ts';
import { KisimError } from '../../../src/util/errors.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kisimd-config-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  return path;
}

function input(over: Partial<LoadConfigInput> = {}): LoadConfigInput {
  return {
    env: {},
    flags: {},
    files: { main: join(folder, 'config.yaml'), dropIns: join(folder, 'config.d') },
    host: { hostname: 'node-1', uid: 1000, homeDirectory: '/home/ada' },
    ...over,
  };
}

function codes(over: Partial<LoadConfigInput>): string[] {
  return checkConfig(input(over)).problems.map((problem) => problem.code);
}

test('without files, variables and flags the defaults hold', () => {
  const { config, origins, warnings } = loadConfig(input());
  assert.equal(config.meter.intervalMilliseconds, 1000);
  assert.deepEqual(config.meter.sources, ['rapl-perf', 'rapl-powercap', 'hwmon', 'nvml', 'estimated']);
  assert.equal(config.node.name, 'node-1');
  assert.equal(config.meter.recording, undefined);
  assert.deepEqual(origins.get('export.port'), { kind: 'default', where: '' });
  assert.deepEqual(warnings, []);
});

test('later layers win: file, drop-ins by name, environment, flags in their order', () => {
  write('config.yaml', 'export: {port: 1, host: 127.0.0.2}\nhistory: {recent-hours: 3}\n');
  write('config.d/20.yaml', 'export: {port: 3}\n');
  write('config.d/10.yaml', 'export: {port: 2}\nhistory: {hour-days: 10}\n');
  assert.equal(loadConfig(input()).config.export.port, 3);
  const env = { KISIMD_EXPORT_PORT: '4' };
  assert.equal(loadConfig(input({ env })).config.export.port, 4);
  const { config } = loadConfig(input({ env, flags: { set: ['export.port=5', 'export.port=6'] } }));
  assert.equal(config.export.port, 6);
  assert.equal(config.export.host, '127.0.0.2');
  assert.equal(config.history.recentHours, 3);
  assert.equal(config.history.hourDays, 10);
});

test('every value remembers where it was set', () => {
  const main = write('config.yaml', '# a comment\nexport:\n  port: 1\n');
  const { origins } = loadConfig(
    input({
      env: { KISIMD_HISTORY_ENABLED: 'false' },
      flags: { set: ['meter.reconcile-seconds=5'], logLevel: 'debug' },
    }),
  );
  assert.deepEqual(origins.get('export.port'), { kind: 'file', where: `${main}:3:3` });
  assert.deepEqual(origins.get('history.enabled'), { kind: 'environment', where: 'KISIMD_HISTORY_ENABLED' });
  assert.deepEqual(origins.get('meter.reconcile-seconds'), {
    kind: 'flag',
    where: '--set meter.reconcile-seconds',
  });
  assert.deepEqual(origins.get('log.level'), { kind: 'flag', where: '--log-level' });
});

test('a file named by flag or by KISIMD_CONFIG stands alone, the flag before the variable', () => {
  write('config.yaml', 'export: {port: 1}\n');
  write('config.d/10.yaml', 'export: {port: 2}\n');
  const own = write('own.yaml', 'export: {port: 3}\n');
  const other = write('other.yaml', 'export: {port: 4}\n');
  assert.equal(loadConfig(input({ flags: { config: own } })).config.export.port, 3);
  assert.equal(loadConfig(input({ env: { KISIMD_CONFIG: other } })).config.export.port, 4);
  assert.equal(
    loadConfig(input({ env: { KISIMD_CONFIG: other }, flags: { config: own } })).config.export.port,
    3,
  );
});

test('a file that was named but is not there is an error, an absent installed file is none', () => {
  assert.deepEqual(codes({}), []);
  assert.deepEqual(codes({ flags: { config: join(folder, 'absent.yaml') } }), ['KISIM_E_CONFIG_UNREADABLE']);
});

test('durations are numbers in the unit of the key, or text with a unit', () => {
  const set = ['meter.interval-milliseconds=2s', 'history.block-days=48h', 'meter.reconcile-seconds=90'];
  const { config } = loadConfig(input({ flags: { set } }));
  assert.equal(config.meter.intervalMilliseconds, 2000);
  assert.equal(config.history.blockDays, 2);
  assert.equal(config.meter.reconcileSeconds, 90);
  write('config.yaml', 'meter: {interval-milliseconds: 250ms}\n');
  assert.equal(loadConfig(input()).config.meter.intervalMilliseconds, 250);
});

test('an unknown key is an error with its place and the key that was meant', () => {
  const main = write('config.yaml', 'meter:\n  interval-miliseconds: 5\n');
  const [problem] = checkConfig(input()).problems;
  assert.equal(problem?.code, 'KISIM_E_CONFIG_UNKNOWN_KEY');
  assert.equal(problem?.found, `meter.interval-miliseconds (${main}:2:3)`);
  assert.equal(problem?.action, 'did you mean meter.interval-milliseconds?');
});

test('a setting in the wrong section, and one written in camel case, get the right key proposed', () => {
  for (const text of [
    'interval-milliseconds: 5',
    'history: {interval-milliseconds: 5}',
    'meter: {intervalMilliseconds: 5}',
  ]) {
    write('config.yaml', text);
    assert.equal(checkConfig(input()).problems[0]?.action, 'did you mean meter.interval-milliseconds?', text);
  }
});

test('a key that is like nothing gets no proposal', () => {
  write('config.yaml', 'zzz: {qqq: 1}\n');
  const [problem] = checkConfig(input()).problems;
  assert.equal(problem?.code, 'KISIM_E_CONFIG_UNKNOWN_KEY');
  assert.doesNotMatch(problem?.action ?? '', /did you mean/);
});

const wrongValues: readonly [key: string, yaml: string][] = [
  ['export.port', 'export: {port: 70000}'],
  ['export.port', 'export: {port: "80"}'],
  ['export.port', 'export: {port: 80.5}'],
  ['export.port', 'export: {port: null}'],
  ['export.enabled', 'export: {enabled: yes please}'],
  ['export.process-metrics', 'export: {process-metrics: joules}'],
  ['meter.sources', 'meter: {sources: []}'],
  ['meter.sources', 'meter: {sources: [hwmon, hwmon]}'],
  ['meter.sources', 'meter: {sources: [magic]}'],
  ['meter.interval-milliseconds', 'meter: {interval-milliseconds: 2h}'],
  ['meter.interval-milliseconds', 'meter: {interval-milliseconds: .nan}'],
  ['meter.interval-milliseconds', 'meter: {interval-milliseconds: 5 parsecs}'],
  ['attribution.idle', 'attribution: {idle: shared}'],
  ['attribution.idle-watts.package-0', 'attribution: {idle-watts: {package-0: -3}}'],
  ['attribution.idle-watts', 'attribution: {idle-watts: 12}'],
  ['history.path', 'history: {path: ""}'],
];
for (const [key, text] of wrongValues) {
  test(`refuses ${text}`, () => {
    const main = write('config.yaml', text);
    const [problem, ...others] = checkConfig(input()).problems;
    assert.equal(others.length, 0);
    assert.equal(problem?.code, 'KISIM_E_CONFIG_VALUE');
    assert.ok(problem?.found.startsWith(`${key} is `), problem?.found);
    assert.ok(problem?.found.includes(`(${main}:1:`), problem?.found);
    assert.notEqual(problem?.expected, 'a value of the type and range in docs/user/configuration.md');
  });
}

test('a section that is no map is an error; an empty section, an empty file and only comments are none', () => {
  write('config.yaml', 'meter: 3\n');
  assert.deepEqual(codes({}), ['KISIM_E_CONFIG_VALUE']);
  for (const text of ['meter:\n', '', '# nothing\n', '---\n']) {
    write('config.yaml', text);
    assert.deepEqual(codes({}), [], JSON.stringify(text));
  }
  write('config.yaml', '- a\n- b\n');
  assert.deepEqual(codes({}), ['KISIM_E_CONFIG_VALUE']);
});

test('YAML that cannot be parsed is an error with line and column', () => {
  for (const [text, place] of [
    ['meter: [1\nexport: {}\n', ':2:1'],
    ['meter: {}\nmeter: {}\n', ':2:1'],
    ['export: {port: 1, port: 2}\n', ':1:19'],
    ['a: 1\n---\nb: 2\n', ':2:1'],
  ] as const) {
    const main = write('config.yaml', text);
    const [problem] = checkConfig(input()).problems;
    assert.equal(problem?.code, 'KISIM_E_CONFIG_SYNTAX', text);
    assert.ok(problem?.found.startsWith(`${main}${place}`), problem?.found);
  }
});

test('anchors and aliases work', () => {
  write('config.yaml', 'history: {minute-days: &days 5, block-days: *days}\n');
  assert.equal(loadConfig(input()).config.history.blockDays, 5);
});

test('all mistakes are told at once', () => {
  write('config.yaml', 'export: {port: -1}\nmetre: {}\n');
  assert.deepEqual(codes({ flags: { set: ['nonsense', 'export.prot=1'] } }).sort(), [
    'KISIM_E_CONFIG_OVERRIDE',
    'KISIM_E_CONFIG_UNKNOWN_KEY',
    'KISIM_E_CONFIG_UNKNOWN_KEY',
    'KISIM_E_CONFIG_VALUE',
  ]);
  assert.throws(
    () => loadConfig(input()),
    (error) =>
      error instanceof KisimError &&
      error.code === 'KISIM_E_CONFIG_INVALID' &&
      error.message.includes('export.port') &&
      error.message.includes('metre'),
  );
});

test('a single mistake is thrown as itself', () => {
  assert.throws(() => loadConfig(input({ flags: { set: ['export.port=x'] } })), {
    code: 'KISIM_E_CONFIG_VALUE',
  });
});

test('watts of zones merge over the layers, each with its origin', () => {
  const main = write('config.yaml', 'attribution: {idle-watts: {package-0: 10, package-1: 11}}\n');
  const { config, origins } = loadConfig(
    input({
      env: { KISIMD_ATTRIBUTION_IDLE_WATTS: 'package-1=21, dram-0=2.5' },
      flags: { set: ['attribution.idle-watts.dram-0=3'] },
    }),
  );
  assert.deepEqual(config.attribution.idleWatts, { 'package-0': 10, 'package-1': 21, 'dram-0': 3 });
  assert.equal(origins.get('attribution.idle-watts.package-0')?.where, `${main}:1:28`);
  assert.equal(origins.get('attribution.idle-watts.package-1')?.kind, 'environment');
  assert.equal(origins.get('attribution.idle-watts.dram-0')?.kind, 'flag');
});

test('text of variables and flags is read by the type of the setting', () => {
  const { config } = loadConfig(
    input({
      env: {
        KISIMD_METER_SOURCES: 'hwmon, estimated',
        KISIMD_EXPORT_ZERO_ENERGY_PROCESSES: '1',
        KISIMD_NODE_NAME: '17',
      },
    }),
  );
  assert.deepEqual(config.meter.sources, ['hwmon', 'estimated']);
  assert.equal(config.export.zeroEnergyProcesses, true);
  assert.equal(config.node.name, '17');
});

test('a value after the first = is kept whole', () => {
  assert.equal(loadConfig(input({ flags: { set: ['history.path=/a=b'] } })).config.history.path, '/a=b');
});

test('an unknown KISIMD_ variable is warned of, with the one that was meant', () => {
  const { warnings } = loadConfig(input({ env: { KISIMD_EXPORT_PROT: '1', KISIMD_CONFIG: '' } }));
  assert.deepEqual(warnings, [
    'environment variable KISIMD_EXPORT_PROT is no setting; did you mean KISIMD_EXPORT_PORT?',
  ]);
});

test('a drop-in that ends in .yml is warned of, hidden files are passed over', () => {
  write('config.d/10.yml', 'export: {port: 2}\n');
  write('config.d/.old.yaml', 'export: {port: 9}\n');
  const { config, warnings } = loadConfig(input());
  assert.equal(config.export.port, 28282);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /10\.yml is not read/);
});

test('listening beyond loopback is warned of', () => {
  assert.match(
    loadConfig(input({ flags: { set: ['export.host=0.0.0.0'] } })).warnings[0] ?? '',
    /0\.0\.0\.0/,
  );
  assert.deepEqual(
    loadConfig(input({ flags: { set: ['export.host=0.0.0.0', 'export.enabled=false'] } })).warnings,
    [],
  );
  for (const host of ['127.0.0.5', '::1', 'localhost']) {
    assert.deepEqual(loadConfig(input({ flags: { set: [`export.host=${host}`] } })).warnings, []);
  }
});

test('the source recorded needs a recording', () => {
  assert.deepEqual(codes({ flags: { set: ['meter.sources=recorded'] } }), ['KISIM_E_CONFIG_CONFLICT']);
  assert.deepEqual(codes({ flags: { set: ['meter.sources=recorded', 'meter.recording=/x'] } }), []);
  assert.equal(loadConfig(input({ flags: { set: ['meter.recording=/x'] } })).warnings.length, 1);
});

test('the history lies where systemd says, in /var/lib for root, else in the state folder of the user', () => {
  const path = (env: LoadConfigInput['env'], uid: number, homeDirectory: string | undefined = '/home/ada') =>
    loadConfig(input({ env, host: { hostname: 'n', uid, homeDirectory } })).config.history.path;
  assert.equal(path({ STATE_DIRECTORY: '/var/lib/private/k:/other' }, 0), '/var/lib/private/k/energy.db');
  assert.equal(path({}, 0), '/var/lib/kisimd/energy.db');
  assert.equal(path({ XDG_STATE_HOME: '/s' }, 1000), '/s/kisimd/energy.db');
  assert.equal(path({ XDG_STATE_HOME: 'relative' }, 1000), '/home/ada/.local/state/kisimd/energy.db');
  assert.equal(path({}, 1000), '/home/ada/.local/state/kisimd/energy.db');
});

test('keys that name parts of every JavaScript object are unknown keys like any other', () => {
  write(
    'config.yaml',
    'meter: {constructor: 1}\n__proto__: {x: 1}\nattribution: {idle-watts: {__proto__: 7}}\n',
  );
  assert.deepEqual(codes({}), ['KISIM_E_CONFIG_UNKNOWN_KEY', 'KISIM_E_CONFIG_UNKNOWN_KEY']);
});
