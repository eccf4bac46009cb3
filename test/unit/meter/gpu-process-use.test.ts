import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GpuProcessUseMeter } from '../../../src/meter/gpu-process-use.ts';
import type { NvmlProcessSample } from '../../../src/native/nvml.ts';

const SECOND = 1e9;
const START = 1_700_000_000_000_000;

const sample = (pid: number, microseconds: number, smPercent: number): NvmlProcessSample => ({
  pid,
  timestampMicroseconds: START + microseconds,
  smPercent,
});

function started(): GpuProcessUseMeter {
  const meter = new GpuProcessUseMeter();
  meter.skip([sample(1, 0, 100)]);
  return meter;
}

test('a process’s share is its mean over time, not its greatest sample', () => {
  const shares = started().take(
    [sample(7, 250_000, 100), sample(7, 500_000, 0), sample(7, 1_000_000, 20)],
    SECOND,
  );
  assert.deepEqual(shares, [{ pid: 7, smShare: 0.25 + 0.1 }]);
});

test('a sample counts with the time since the board’s previous one, whoever that was of', () => {
  const shares = started().take([sample(7, 800_000, 50), sample(8, 1_000_000, 50)], SECOND);
  assert.deepEqual(
    shares.map(({ pid, smShare }) => [pid, Number(smShare.toFixed(6))]),
    [
      [7, 0.4],
      [8, 0.1],
    ],
  );
});

test('processes of one period share its time although they are stamped one after the other', () => {
  const shares = started().take([sample(8, 1_000_000, 60), sample(7, 999_990, 30)], SECOND);
  assert.deepEqual(
    shares.map(({ pid, smShare }) => [pid, Number(smShare.toFixed(4))]),
    [
      [7, 0.3],
      [8, 0.6],
    ],
  );
});

test('samples already seen are never taken again', () => {
  const meter = started();
  const samples = [sample(7, 1_000_000, 50)];
  assert.equal(meter.take(samples, SECOND).length, 1);
  assert.deepEqual(meter.take(samples, SECOND), []);
  assert.equal(meter.lastMicroseconds, START + 1_000_000);
});

test('after a long idle time the first sample speaks for a second, not for the idle time', () => {
  const [share] = started().take([sample(7, 600_000_000, 80)], 10 * SECOND);
  assert.ok(Math.abs(share!.smShare - 0.08) < 1e-9);
});

test('no new sample is no work', () => {
  assert.deepEqual(started().take([], SECOND), []);
});

test('shares are between 0 and 1 and sum to at most 1 where each period’s samples do', () => {
  const period = fc.record({
    length: fc.integer({ min: 100_000, max: 1_000_000 }),
    first: fc.integer({ min: 0, max: 100 }),
    second: fc.integer({ min: 0, max: 100 }),
  });
  fc.assert(
    fc.property(
      fc.array(period, { maxLength: 12 }),
      fc.integer({ min: 1, max: 20 * SECOND }),
      (periods, interval) => {
        let at = 0;
        const samples = periods.flatMap(({ length, first, second }) => {
          at += length;
          return [sample(1, at, first), sample(2, at, Math.min(second, 100 - first))];
        });
        const shares = started().take(samples, interval);
        const sum = shares.reduce((total, { smShare }) => total + smShare, 0);
        assert.ok(shares.every(({ smShare }) => smShare >= 0 && smShare <= 1));
        assert.ok(sum <= 1 + 1e-9);
      },
    ),
  );
});

test('cutting the same samples into intervals in any way loses no busy time and adds none', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 2, maxLength: 20 }),
      fc.integer({ min: 1, max: 19 }),
      (percents, cut) => {
        const samples = percents.map((percent, at) => sample(7, (at + 1) * 500_000, percent));
        const busy = (meter: GpuProcessUseMeter, part: readonly NvmlProcessSample[]) => {
          const interval = part.length * 500_000_000;
          return (meter.take(part, interval)[0]?.smShare ?? 0) * interval;
        };
        const whole = busy(started(), samples);
        const meter = started();
        const parts = busy(meter, samples.slice(0, cut)) + busy(meter, samples.slice(cut));
        assert.ok(Math.abs(whole - parts) <= 1e-6 * Math.max(1, whole));
      },
    ),
  );
});
