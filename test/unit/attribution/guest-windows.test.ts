import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type GuestWindow, GuestWindows } from '../../../src/attribution/guest-windows.ts';
import { nodeUse, podUse } from '../../support/node-uses.ts';

/** Seconds of a guest that burns so many microjoules in each. */
function burn(windows: GuestWindows, from: number, to: number, microjoules = 100, cpuSeconds = 1): void {
  for (let second = from; second < to; second++)
    windows.addEnergy({
      from: second * 1000,
      to: (second + 1) * 1000,
      zoneMicrojoules: Float64Array.of(microjoules),
      cpuNanoseconds: cpuSeconds * 1e9,
    });
}

function energies(window: GuestWindow | undefined): Record<string, number> {
  assert(window !== undefined);
  const pods = window.pods.map(({ uid, zoneMicrojoules }) => [uid, zoneMicrojoules[0]!] as const);
  return Object.fromEntries([...pods, ['system', window.system.zoneMicrojoules[0]!]]);
}

describe('windows of a guest', () => {
  test('what is between two readings is split by what was used between them', () => {
    const windows = new GuestWindows();
    windows.take(nodeUse('n', 0, 100, [podUse('a', 50, 0), podUse('b', 7, 0)]));
    burn(windows, 0, 10);
    assert.equal(windows.settle(), undefined);
    windows.take(nodeUse('n', 10, 110, [podUse('a', 52, 10), podUse('b', 12, 10)]));
    const window = windows.settle();
    assert.deepEqual([window?.from, window?.to], [0, 10_000]);
    assert.deepEqual(energies(window), { a: 200, b: 500, system: 300 });
    assert.equal(windows.settle(), undefined);
  });

  test('a window waits until the energy is known to its end, and an interval across it is cut', () => {
    const windows = new GuestWindows();
    windows.take(nodeUse('n', 0.5, 0, [podUse('a', 0, 0.5)]));
    burn(windows, 0, 10);
    windows.settle();
    windows.take(nodeUse('n', 10.25, 9.75, [podUse('a', 9.75, 10.25)]));
    assert.equal(windows.settle(), undefined);
    burn(windows, 10, 11);
    const { a = 0, system = 0 } = energies(windows.settle());
    assert(Math.abs(a - 975) < 1e-6, String(a));
    assert(Math.abs(system) < 1e-6);
  });

  test('a pod that is counted later than the guest holds the window back, one that stands still does not', () => {
    const windows = new GuestWindows();
    windows.take(nodeUse('n', 0, 0, [podUse('a', 0, -5), podUse('stuck', 0, -100)]));
    burn(windows, 0, 20);
    windows.settle();
    windows.take(nodeUse('n', 20, 20, [podUse('a', 10, 15), podUse('stuck', 0, -100)]));
    const window = windows.settle();
    assert.deepEqual([window?.from, window?.to], [-5000, 15_000]);
    // Half of a CPU from -5 to 15, of one that is all busy: the guest burnt 15 s of energy in it.
    assert.deepEqual(energies(window), { a: 1000, stuck: 0, system: 500 });
  });

  test('a pod that began in the window gets all that it used', () => {
    const windows = new GuestWindows();
    windows.take(nodeUse('n', 0, 0, [podUse('a', 5, 0)]));
    burn(windows, 0, 10);
    windows.settle();
    windows.take(nodeUse('n', 10, 10, [podUse('a', 5, 10), podUse('new', 4, 10, { startSecond: 6 })]));
    assert.deepEqual(energies(windows.settle()), { a: 0, new: 400, system: 600 });
  });

  test('a pod that is first seen long after it began has used its CPU time at unknown moments', () => {
    const windows = new GuestWindows();
    windows.take(nodeUse('n', 0, 0, []));
    burn(windows, 0, 20);
    windows.settle();
    windows.take(nodeUse('n', 10, 10, [podUse('old', 999, 10, { startSecond: -5000 })]));
    assert.deepEqual(energies(windows.settle()), { old: 0, system: 1000 });
    windows.take(nodeUse('n', 20, 20, [podUse('old', 1004, 20, { startSecond: -5000 })]));
    assert.deepEqual(energies(windows.settle()), { old: 500, system: 500 });
  });

  test('what a pod used after its last reading is not known to be its: it is with the system', () => {
    const windows = new GuestWindows();
    windows.take(nodeUse('n', 0, 0, [podUse('short', 3, 0)]));
    burn(windows, 0, 10);
    windows.settle();
    windows.take(nodeUse('n', 10, 10, []));
    assert.deepEqual(energies(windows.settle()), { short: 0, system: 1000 });
    assert.equal(windows.has('short'), false);
  });

  test('a missed reading makes the window longer, and nothing is lost', () => {
    const windows = new GuestWindows();
    windows.take(nodeUse('n', 0, 0, [podUse('a', 0, 0)]));
    burn(windows, 0, 40);
    windows.settle();
    windows.take(nodeUse('n', 40, 40, [podUse('a', 20, 40)]));
    assert.deepEqual(energies(windows.settle()), { a: 2000, system: 2000 });
  });

  test('a guest that booted again counts from nothing, and so do its pods', () => {
    const windows = new GuestWindows();
    windows.take(nodeUse('n', 0, 1000, [podUse('a', 500, 0)]));
    burn(windows, 0, 10);
    windows.settle();
    windows.take(nodeUse('n', 10, 5, [podUse('a', 2, 10)]));
    assert.deepEqual(energies(windows.settle()), { a: 400, system: 600 });
  });

  test('a pod that is missing in one reading is the same pod in the next', () => {
    const windows = new GuestWindows();
    windows.take(nodeUse('n', 0, 0, [podUse('a', 500, 0)]));
    burn(windows, 0, 20);
    windows.settle();
    windows.take(nodeUse('n', 10, 10, []));
    assert.deepEqual(energies(windows.settle()), { a: 0, system: 1000 });
    windows.take(nodeUse('n', 20, 20, [podUse('a', 502, 20)]));
    const { a = 0 } = energies(windows.settle());
    assert(a > 0 && a <= 200, String(a));
  });

  test('a pod that this host meters itself gets nothing of the guest', () => {
    const windows = new GuestWindows();
    windows.take(nodeUse('n', 0, 0, [podUse('a', 0, 0), podUse('b', 0, 0)]));
    burn(windows, 0, 10);
    windows.settle();
    windows.take(nodeUse('n', 10, 10, [podUse('a', 5, 10), podUse('b', 5, 10)]));
    assert.deepEqual(energies(windows.settle((uid) => uid === 'b')), { a: 500, system: 500 });
  });

  test("without a counter of its own the guest's CPU time is what the host gave it", () => {
    const windows = new GuestWindows();
    windows.take(nodeUse('n', 0, undefined, [podUse('a', 0, 0)]));
    burn(windows, 0, 10, 100, 2);
    windows.settle();
    windows.take(nodeUse('n', 10, undefined, [podUse('a', 5, 10)]));
    assert.deepEqual(energies(windows.settle()), { a: 250, system: 750 });
  });

  test('readings that never come cost no memory without end, and the energy is all there when one does', () => {
    const windows = new GuestWindows();
    windows.take(nodeUse('n', 0, 0, [podUse('a', 0, 0)]));
    burn(windows, 0, 10_000);
    windows.settle();
    windows.take(nodeUse('n', 10_000, 10_000, [podUse('a', 10_000, 10_000)]));
    assert.deepEqual(energies(windows.settle()), { a: 1_000_000, system: 0 });
  });

  test('all windows together hold all that the guest burnt, whatever the readings', () => {
    const pods = fc.array(
      fc.record({
        uid: fc.constantFrom('a', 'b', 'c', 'd'),
        cpu: fc.double({ min: 0, max: 1000, noNaN: true }),
        lag: fc.double({ min: 0, max: 20, noNaN: true }),
        start: fc.integer({ min: -100, max: 100 }),
      }),
      { maxLength: 4 },
    );
    const readings = fc.array(
      fc.record({
        gap: fc.double({ min: 0.1, max: 60, noNaN: true }),
        cpu: fc.integer({ min: 0, max: 500 }),
        pods,
      }),
      { minLength: 2, maxLength: 12 },
    );
    fc.assert(
      fc.property(readings, (list) => {
        const windows = new GuestWindows();
        let now = 30;
        burn(windows, 0, 1000, 7);
        let first: number | undefined;
        let last = 0;
        let sum = 0;
        for (const { gap, cpu, pods: found } of list) {
          now += gap;
          const uses = found
            .filter(({ uid }, at) => found.findIndex((each) => each.uid === uid) === at)
            .map(({ uid, cpu: seconds, lag, start }) =>
              podUse(uid, seconds, now - lag, { startSecond: Math.min(start, now - lag) }),
            );
          windows.take(nodeUse('n', now, cpu, uses));
          const window = windows.settle();
          if (window === undefined) continue;
          first ??= window.from;
          last = window.to;
          const parts = [window.system, ...window.pods].map(({ zoneMicrojoules }) => zoneMicrojoules[0] ?? 0);
          assert(parts.every((part) => part >= 0));
          sum += parts.reduce((total, part) => total + part, 0);
        }
        if (first === undefined) return;
        const burnt = ((last - first) / 1000) * 7;
        assert(Math.abs(sum - burnt) < 1e-9 * Math.max(1, burnt) + 1e-6, `${sum} of ${burnt}`);
      }),
      { numRuns: 300 },
    );
  });
});
