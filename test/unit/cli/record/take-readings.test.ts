import assert from 'node:assert/strict';
import { test } from 'node:test';
import { progressLine } from '../../../../src/cli/record/progress-line.ts';
import { type Progress, takeReadings } from '../../../../src/cli/record/take-readings.ts';
import type { ReadContext, ZoneReading } from '../../../../src/meter/power-source.ts';
import { systemClock } from '../../../../src/util/clock.ts';
import { testZone } from '../../../support/scripted-source.ts';

const host = { read: () => ({ busyNanoseconds: 5, cpuCount: 4 }) };

function recorder() {
  const contexts: ReadContext[] = [];
  const read = (context: ReadContext): readonly ZoneReading[] => {
    contexts.push(context);
    return [];
  };
  return { contexts, read };
}

test('readings are taken an interval apart, and the last one at the end of the time', async () => {
  const kept = recorder();
  const seen: number[] = [];
  const progress = await takeReadings({
    clock: systemClock,
    host,
    recorder: kept,
    intervalMilliseconds: 20,
    forMilliseconds: 50,
    signal: new AbortController().signal,
    onReading: ({ readings }) => seen.push(readings),
  });
  // A busy machine may skip one; the first and the last are always there.
  assert.ok(progress.readings >= 2 && progress.readings <= 4, `${progress.readings} readings`);
  assert.ok(progress.elapsedNanoseconds >= 50e6);
  assert.deepEqual(
    seen,
    kept.contexts.map((_, at) => at + 1),
  );
  assert.equal(kept.contexts[0]?.busyNanoseconds, 5);
  assert.equal(kept.contexts[0]?.cpuCount, 4);
});

test('a machine that was held up goes on with the next interval and makes up for nothing', async () => {
  let now = 0;
  const kept = recorder();
  const clock = { unixMilliseconds: () => 0, monotonicNanoseconds: () => now };
  await takeReadings({
    clock,
    host,
    recorder: {
      read: (context) => {
        // Every reading takes two and a half intervals, and no timer is waited for.
        now += 2.5e6;
        return kept.read(context);
      },
    },
    intervalMilliseconds: 1,
    forMilliseconds: 6,
    signal: new AbortController().signal,
  });
  assert.deepEqual(
    kept.contexts.map(({ monotonicNanoseconds }) => monotonicNanoseconds / 1e6),
    [0, 2.5, 5, 7.5],
  );
});

test('a timer that ends a part of a millisecond early makes no reading of its own', async () => {
  const times = [0, 0, 0.6e6, 1e6, 2e6, 2e6];
  const kept = recorder();
  await takeReadings({
    clock: { unixMilliseconds: () => 0, monotonicNanoseconds: () => times.shift()! },
    host,
    recorder: kept,
    intervalMilliseconds: 1,
    forMilliseconds: 2,
    signal: new AbortController().signal,
  });
  assert.deepEqual(
    kept.contexts.map(({ monotonicNanoseconds }) => monotonicNanoseconds / 1e6),
    [0, 1, 2],
  );
});

test('the signal ends the readings with a last one, at once', async () => {
  const kept = recorder();
  const stop = new AbortController();
  const progress = await takeReadings({
    clock: systemClock,
    host,
    recorder: kept,
    intervalMilliseconds: 60_000,
    forMilliseconds: undefined,
    signal: stop.signal,
    onReading: ({ readings }) => {
      if (readings === 1) setImmediate(() => stop.abort());
    },
  });
  assert.equal(progress.readings, 2);
  assert.ok(progress.elapsedNanoseconds < 30e9);
});

test('a signal that came before leaves the two readings that make a capture', async () => {
  const progress = await takeReadings({
    clock: systemClock,
    host,
    recorder: recorder(),
    intervalMilliseconds: 60_000,
    forMilliseconds: undefined,
    signal: AbortSignal.abort(),
  });
  assert.equal(progress.readings, 2);
});

function progressOf(readings: number, seconds: number, energies: readonly (number | undefined)[]): Progress {
  const last = energies.map((energyMicrojoules, at) => ({
    zone: testZone(`package-${at}`),
    energyMicrojoules,
    gap: energyMicrojoules === undefined ? ('unreadable' as const) : undefined,
    intervalNanoseconds: 2e9,
    maxWatts: undefined,
  }));
  return { readings, elapsedNanoseconds: seconds * 1e9, last };
}

test('the progress line tells number, rate, power and the time that is left', () => {
  assert.equal(
    progressLine(progressOf(11, 5, [20e6, 2e6]), 60_000),
    '11 readings, 2.0 a second, 11.00 W, 55 s left',
  );
  assert.match(progressLine(progressOf(11, 10, [1e6]), 3_600_000), /59 min 50 s left$/);
  assert.match(progressLine(progressOf(11, 10, [1e6]), 3 * 3_600_000), /2 h 59 min left$/);
  assert.match(progressLine(progressOf(11, 10, [1e6]), undefined), /Ctrl-C ends it$/);
});

test('an unknown power is told as unknown, and what is not counted is not added', () => {
  assert.match(progressLine(progressOf(3, 2, [20e6, undefined]), undefined), / \? W,/);
  assert.equal(progressLine(progressOf(1, 0, []), 1000), '1 reading, ? a second, ? W, 1 s left');
  const uncounted = progressOf(3, 2, [20e6, 6e6]);
  const [first, second] = uncounted.last;
  const zone = testZone('core-0', 'core', 'inside package-0');
  assert.match(progressLine({ ...uncounted, last: [first!, { ...second!, zone }] }, 9000), / 10\.00 W,/);
});
