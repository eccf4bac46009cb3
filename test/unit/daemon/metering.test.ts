import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, type TestContext, test } from 'node:test';
import type { EnergyInterval } from '../../../src/attribution/interval.ts';
import { defaultConfig } from '../../../src/config/defaults.ts';
import { Metering, type MeteringDependencies } from '../../../src/daemon/metering.ts';
import type { PowerSource } from '../../../src/meter/power-source.ts';
import type { ProcessRecord } from '../../../src/native/process-scanner.ts';
import type { LogFields } from '../../../src/util/log.ts';
import { silentLogger } from '../../../src/util/log.ts';
import { ScriptedScanner } from '../../support/scripted-scanner.ts';
import { scriptedSource, testZone } from '../../support/scripted-source.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
afterEach(() => mock.timers.reset());

const energies = Array.from({ length: 200 }, () => [10e6]);

function record(slot: number, pid: number): ProcessRecord {
  const text = { comm: `p${pid}`, cmdline: `p${pid}\0`, cgroup: '0::/\n' };
  return { slot, pid, ppid: 1, startTicks: pid, ...text, kernelThread: false, unreadable: '' };
}

/** A meter over a scripted scanner, with a clock that moves when the test says so. */
function bench(t: TestContext, more: Partial<MeteringDependencies> = {}) {
  const roots = { proc: temporaryFolder(t), sys: temporaryFolder(t), root: temporaryFolder(t) };
  const scanner = new ScriptedScanner();
  const source = scriptedSource([testZone('package-0')], energies);
  const events: [string, LogFields | undefined][] = [];
  const note = (event: string, fields?: LogFields) => void events.push([event, fields]);
  const time = { monotonic: 5e9, unix: 1_700_000_000_000 };
  const metering = new Metering(
    { ...defaultConfig({}, { hostname: 'h', uid: 0, homeDirectory: undefined }), roots },
    {
      clock: { monotonicNanoseconds: () => time.monotonic, unixMilliseconds: () => time.unix },
      log: { ...silentLogger, info: note, warn: note, error: note },
      sources: [source],
      scanner,
      ...more,
    },
  );
  const intervals: EnergyInterval[] = [];
  metering.addSink({ accept: (interval) => void intervals.push(interval) });
  /** Lets time pass for clock and timers alike. */
  const pass = (milliseconds: number) => {
    time.monotonic += milliseconds * 1e6;
    time.unix += milliseconds;
    mock.timers.tick(milliseconds);
  };
  const named = (event: string) => events.filter(([name]) => name === event);
  return { metering, scanner, source, intervals, time, pass, named };
}

function failing(source: PowerSource, fails: () => boolean): PowerSource {
  const check = () => {
    if (fails()) throw new Error('segment violated');
  };
  return {
    ...source,
    zones: () => source.zones(),
    read: (context) => {
      check();
      return source.read(context);
    },
    processUse: () => {
      check();
      return [];
    },
  };
}

test('ticks once an interval from the start on; the first makes no interval', (t) => {
  const { metering, intervals, pass } = bench(t);
  metering.start();
  assert.equal(intervals.length, 0);
  for (let second = 0; second < 3; second++) pass(1000);
  assert.deepEqual(
    intervals.map(({ sequence, durationNanoseconds, energyMicrojoules }) => [
      sequence,
      durationNanoseconds,
      energyMicrojoules,
    ]),
    [0, 1, 2].map((sequence) => [sequence, 1e9, 10e6]),
  );
  metering.stop();
});

test('a tick that comes late makes one longer interval and does not shift those after it', (t) => {
  const { metering, intervals, pass, time } = bench(t);
  metering.start();
  time.monotonic += 2.4e9;
  pass(1000);
  assert.equal(intervals.length, 1);
  assert.equal(intervals[0]!.durationNanoseconds, 3.4e9);
  assert.equal(metering.status().lateTicks, 2);
  pass(600);
  assert.equal(intervals.length, 2);
  assert.equal(intervals[1]!.durationNanoseconds, 0.6e9);
  metering.stop();
});

test('stop ends the ticking and closes everything, once', (t) => {
  const { metering, intervals, pass, source, scanner } = bench(t);
  metering.start();
  pass(1000);
  metering.stop();
  metering.stop();
  pass(5000);
  assert.equal(intervals.length, 1);
  assert.deepEqual([source.closed, scanner.closed], [1, 1]);
});

test('a meter that was never started is closed by stop all the same', (t) => {
  const { metering, source, scanner } = bench(t);
  metering.stop();
  assert.deepEqual([source.closed, scanner.closed], [1, 1]);
});

test('a start that fails leaves nothing open and no timer, and what was learned as it was', (t) => {
  const saved: unknown[] = [];
  const state = {
    loadState: () => undefined,
    saveState: (_: string, value: unknown) => void saved.push(value),
  };
  const { metering, source, scanner, pass } = bench(t, { state });
  scanner.next = {
    activeCount: 1,
    activeSlots: Int32Array.of(7),
    activeCpuNanoseconds: Float64Array.of(1),
    activeLastCpu: Int32Array.of(-1),
  };
  assert.throws(() => metering.start(), { code: 'KISIM_E_INVENTORY_SLOT' });
  assert.deepEqual([source.closed, scanner.closed], [1, 1]);
  pass(5000);
  assert.equal(scanner.ticks, 1);
  assert.deepEqual(saved, []);
});

test('a sink may stop the meter in the middle of a tick', (t) => {
  const { metering, intervals, pass } = bench(t);
  metering.addSink({ accept: () => metering.stop() });
  metering.start();
  for (let second = 0; second < 3; second++) pass(1000);
  assert.equal(intervals.length, 1);
});

test('a sink that throws takes the interval from nobody else', (t) => {
  const { metering, pass, named } = bench(t);
  const later: number[] = [];
  metering.addSink({
    accept: () => {
      throw new Error('disk');
    },
  });
  metering.addSink({ accept: ({ sequence }) => void later.push(sequence) });
  metering.start();
  pass(1000);
  pass(1000);
  assert.deepEqual(later, [0, 1]);
  assert.equal(named('interval-sink-failed').length, 2);
  metering.stop();
});

test('a scan that fails leaves the energy measured and unattributed, says so once, and recovers', (t) => {
  const { metering, scanner, intervals, pass, named } = bench(t);
  scanner.next = { alive: 12, born: [record(0, 100)] };
  metering.start();
  pass(1000);
  scanner.next = { alive: 12 };
  pass(1000);
  scanner.failure = Object.assign(new Error('EIO: /proc'), { code: 'EIO' });
  pass(1000);
  pass(1000);
  scanner.failure = undefined;
  pass(1000);
  assert.deepEqual(
    intervals.map(({ remarks }) => remarks),
    [[], [], ['scan-failed'], ['scan-failed'], []],
  );
  const failed = intervals[2]!;
  assert.equal(failed.energyMicrojoules, 10e6);
  assert.equal(failed.shares.length, 0);
  assert.ok(Math.abs(failed.idleMicrojoules + failed.unattributedMicrojoules - 10e6) < 1e-6);
  assert.ok(Number.isNaN(failed.busyNanoseconds));
  assert.equal(failed.processCount, 12);
  assert.equal(named('scan-failed').length, 1);
  assert.equal(named('scan-works-again').length, 1);
  metering.stop();
});

test('an interval that cannot be measured is told once and does not end the metering', (t) => {
  const { metering, scanner, intervals, pass, named } = bench(t);
  metering.start();
  pass(1000);
  const completed = metering.status().lastTickMonotonicNanoseconds;
  for (let second = 0; second < 2; second++) {
    scanner.next = {
      activeCount: 1,
      activeSlots: Int32Array.of(7),
      activeCpuNanoseconds: Float64Array.of(1),
      activeLastCpu: Int32Array.of(-1),
    };
    pass(1000);
  }
  // The watchdog goes by this: a meter that measures nothing is not alive, though its timer runs.
  assert.equal(metering.status().lastTickMonotonicNanoseconds, completed);
  pass(1000);
  assert.equal(intervals.length, 2);
  const [event] = named('interval-failed');
  assert.equal((event![1]!['error'] as { code: string }).code, 'KISIM_E_METER_INTERVAL');
  assert.equal(named('interval-failed').length, 1);
  assert.deepEqual(named('intervals-work-again')[0]![1], { failed: 2 });
  metering.stop();
});

test('what exited in an interval that failed does not hand its name to whoever gets its slot', (t) => {
  const { metering, scanner, pass } = bench(t);
  scanner.next = { born: [record(0, 100)], alive: 1 };
  metering.start();
  scanner.next = {
    exited: [{ slot: 0, cpuNanoseconds: 0, exact: false }],
    activeCount: 1,
    activeSlots: Int32Array.of(7),
    activeCpuNanoseconds: Float64Array.of(1),
    activeLastCpu: Int32Array.of(-1),
  };
  pass(1000);
  const gone = { kind: 'process', pid: 100, key: 'process:100:100' } as Parameters<Metering['isAlive']>[0];
  assert.equal(metering.isAlive(gone), false);
  metering.stop();
});

test('a source that throws leaves its own zones unknown and the others measured', (t) => {
  let broken = false;
  const good = scriptedSource([testZone('package-0')], energies);
  const bad = failing(scriptedSource([testZone('hwmon-1', 'board', 'inside')], energies), () => broken);
  const { metering, intervals, pass, named } = bench(t, { sources: [bad, good] });
  metering.start();
  pass(1000);
  broken = true;
  pass(1000);
  pass(1000);
  broken = false;
  pass(1000);
  const told = intervals.map(({ zones, energyMicrojoules }) => [zones[0]!.gap, energyMicrojoules]);
  assert.deepEqual(told, [
    [undefined, 10e6],
    ['unreadable', 10e6],
    ['unreadable', 10e6],
    [undefined, 10e6],
  ]);
  assert.equal(named('source-failed').length, 1);
  assert.equal(named('source-works-again').length, 1);
  metering.stop();
});

test('an energy that is no number, negative or infinite is a gap and comes into no sum', (t) => {
  const wrong = [Number.NaN, -5e6, Number.POSITIVE_INFINITY].map((energy) => [energy, 7e6]);
  const source = scriptedSource([testZone('package-0'), testZone('dram-0', 'dram')], [...wrong, [3e6, 7e6]]);
  const { metering, intervals, pass } = bench(t, { sources: [source] });
  metering.start();
  for (let second = 0; second < 4; second++) pass(1000);
  assert.deepEqual(
    intervals.map(({ zones, energyMicrojoules }) => [zones[0]!.gap, energyMicrojoules]),
    [
      ['absurd-jump', 7e6],
      ['absurd-jump', 7e6],
      ['absurd-jump', 7e6],
      [undefined, 10e6],
    ],
  );
  metering.stop();
});

test('a source that cannot be closed does not keep the others open', (t) => {
  const stuck: PowerSource = {
    ...scriptedSource([testZone('a')]),
    zones: () => [],
    close: () => {
      throw new Error('busy');
    },
  };
  const good = scriptedSource([testZone('package-0')], energies);
  const { metering, scanner, named } = bench(t, { sources: [stuck, good] });
  metering.stop();
  assert.deepEqual([good.closed, scanner.closed, named('source-not-closed').length], [1, 1, 1]);
});

test('what was learned is saved each minute and at the stop', (t) => {
  const saved: string[] = [];
  const state = {
    loadState: () => undefined,
    saveState: (key: string, value: unknown) => {
      assert.deepEqual(Object.keys(value as object), ['package-0']);
      saved.push(key);
    },
  };
  const { metering, pass } = bench(t, { state });
  metering.start();
  for (let second = 0; second < 125; second++) pass(1000);
  assert.deepEqual(saved, ['idle-models', 'idle-models']);
  metering.stop();
  assert.equal(saved.length, 3);
});

test('learned state that cannot be loaded or saved is a warning and no reason not to meter', (t) => {
  const state = {
    loadState: () => {
      throw new SyntaxError('Unexpected token');
    },
    saveState: () => {
      throw new Error('closed');
    },
  };
  const { metering, intervals, pass, named } = bench(t, { state });
  metering.start();
  pass(1000);
  metering.stop();
  assert.equal(intervals.length, 1);
  assert.equal(named('idle-state-not-loaded').length, 1);
  assert.equal(named('idle-state-not-saved').length, 1);
});

test('a first scan that fails is followed by intervals that know nothing of before', (t) => {
  const { metering, scanner, intervals, pass } = bench(t);
  scanner.failure = new Error('EACCES');
  metering.start();
  scanner.failure = undefined;
  scanner.busySeconds = 1000;
  scanner.next = { born: [record(0, 100)], alive: 1 };
  pass(1000);
  assert.ok(Number.isNaN(intervals[0]!.busyNanoseconds));
  scanner.busySeconds += 0.25;
  pass(1000);
  assert.equal(intervals[1]!.busyNanoseconds, 0.25e9);
  metering.stop();
});

test('a clock that was set is remarked by its direction, and the monotonic duration stands', (t) => {
  const { metering, intervals, pass, time } = bench(t);
  metering.start();
  time.unix -= 7_200_000;
  pass(1000);
  time.unix += 7_200_000;
  pass(1000);
  assert.deepEqual(
    intervals.map(({ remarks, durationNanoseconds }) => [remarks[0], durationNanoseconds]),
    [
      ['clock-set-back', 1e9],
      ['clock-set-forward', 1e9],
    ],
  );
  metering.stop();
});

test('storms are told when they begin and end, and remarked in between', (t) => {
  const { metering, scanner, intervals, pass, named } = bench(t);
  metering.start();
  scanner.next = { status: { storm: true } };
  pass(1000);
  pass(1000);
  assert.deepEqual(
    intervals.map(({ remarks }) => remarks),
    [['storm'], []],
  );
  assert.deepEqual([named('fork-storm-began').length, named('fork-storm-over').length], [1, 1]);
  metering.stop();
});

test('a process is alive until its exit was seen, and its pid does not speak for another', (t) => {
  const { metering, scanner, pass } = bench(t);
  scanner.next = { born: [record(0, 100)] };
  metering.start();
  const entity = (key: string) => ({ kind: 'process', pid: 100, key }) as Parameters<Metering['isAlive']>[0];
  assert.equal(metering.isAlive(entity('process:100:100')), true);
  assert.equal(metering.isAlive(entity('process:100:99')), false);
  scanner.next = { exited: [{ slot: 0, cpuNanoseconds: 0, exact: false }] };
  pass(1000);
  assert.equal(metering.isAlive(entity('process:100:100')), false);
  metering.stop();
});

test('why a better tier was refused is in the log and in the status', (t) => {
  const { metering, scanner, named } = bench(t);
  assert.deepEqual(metering.status().refusals, scanner.refusals);
  assert.equal(named('scanner-tier-refused').length, 1);
  metering.stop();
});
