import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostCpuMeter } from '../../../src/attribution/host-cpu.ts';
import type { CpuTopology } from '../../../src/inventory/cpu-topology.ts';

const SECOND = 1e9;

function topology(cores: readonly number[], sockets: readonly number[]): CpuTopology {
  return {
    count: cores.length,
    coreOf: Int32Array.from(cores),
    socketOf: Int32Array.from(sockets),
    sockets: [...new Set(sockets)],
    hasSiblings: new Set(cores).size < cores.length,
  };
}

/** Rows of /proc/stat in seconds; the sum row is made here. */
function table(rows: readonly (readonly number[])[]): Float64Array {
  const result = new Float64Array((rows.length + 1) * 10);
  rows.forEach((row, index) => {
    row.forEach((seconds, column) => {
      result[(index + 1) * 10 + column] = seconds * SECOND;
      result[column]! += seconds * SECOND;
    });
  });
  return result;
}

test('idle, iowait and steal are no work, and guest time is not counted twice', () => {
  const meter = new HostCpuMeter(topology([0], [0]), 0.3);
  const ids = Int32Array.from([0]);
  assert.equal(meter.advance(table([[0, 0, 0, 0, 0, 0, 0, 0, 0, 0]]), ids, SECOND), undefined);
  const interval = meter.advance(table([[0.3, 0.1, 0.2, 5, 4, 0.05, 0.05, 3, 0.3, 0]]), ids, SECOND);
  assert.ok(Math.abs(interval!.busyNanoseconds - 0.7 * SECOND) < 1);
});

test('two busy siblings of one core weigh as one core and a part, not as two cores', () => {
  const meter = new HostCpuMeter(topology([0, 0, 1, 1], [0, 0, 0, 0]), 0.3);
  const ids = Int32Array.from([0, 1, 2, 3]);
  meter.advance(table([[0], [0], [0], [0]]), ids, SECOND);
  const interval = meter.advance(table([[1], [1], [1], [0]]), ids, SECOND)!;
  assert.equal(interval.busyNanoseconds, 3 * SECOND);
  assert.ok(Math.abs(interval.socketEffectiveNanoseconds[0]! - 2.3 * SECOND) < 1);
  assert.deepEqual(
    [...interval.cpuWeight].map((weight) => Math.round(weight * 100)),
    [65, 65, 100, 100],
  );
});

test('work is told apart by socket', () => {
  const meter = new HostCpuMeter(topology([0, 1], [0, 3]), 0.3);
  const ids = Int32Array.from([0, 1]);
  meter.advance(table([[0], [0]]), ids, SECOND);
  const interval = meter.advance(table([[0.25], [1]]), ids, SECOND)!;
  assert.deepEqual([...interval.socketBusyNanoseconds], [0.25 * SECOND, SECOND]);
});

test('a faster clock weighs more where frequencies are known', () => {
  const meter = new HostCpuMeter(topology([0, 1], [0, 0]), 0.3);
  const ids = Int32Array.from([0, 1]);
  meter.advance(table([[0], [0]]), ids, SECOND);
  const { cpuWeight } = meter.advance(table([[1], [1]]), ids, SECOND, Float64Array.from([3000, 1000]))!;
  assert.deepEqual([...cpuWeight], [1.5, 0.5]);
});

test('a CPU that came or went gives an unknown interval, not a jump', () => {
  const meter = new HostCpuMeter(topology([0, 1], [0, 0]), 0.3);
  meter.advance(table([[10], [900]]), Int32Array.from([0, 1]), SECOND);
  assert.equal(meter.advance(table([[11]]), Int32Array.from([0]), SECOND), undefined);
  assert.equal(meter.advance(table([[12]]), Int32Array.from([0]), SECOND)?.busyNanoseconds, SECOND);
});

test('a /proc/stat that could not be read is unknown, also twice running, and never no work', () => {
  const meter = new HostCpuMeter(topology([0], [0]), 0.3);
  const none = new Float64Array(10).fill(Number.NaN);
  meter.advance(table([[1]]), Int32Array.from([0]), SECOND);
  for (let second = 0; second < 3; second++)
    assert.equal(meter.advance(none, new Int32Array(0), SECOND), undefined);
});
