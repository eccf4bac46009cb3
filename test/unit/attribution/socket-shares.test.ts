import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { HostCpuInterval } from '../../../src/attribution/host-cpu.ts';
import { SocketPlacer } from '../../../src/attribution/socket-shares.ts';
import type { UsageInterval, UsagePart } from '../../../src/attribution/usage.ts';
import { entity } from '../../support/fake-inventory.ts';

const twoSockets = { sockets: [0, 3], socketOf: Int32Array.of(0, 0, 3, 3) };

function part(slot: number, cpuNanoseconds: number, lastCpu = -1): UsagePart {
  return {
    entity: entity('process', `p${slot}`),
    account: 0,
    cpuNanoseconds,
    slot,
    lastCpu,
    terminated: false,
  };
}

function usage(parts: readonly UsagePart[], unattributedNanoseconds = 0): UsageInterval {
  const hostNanoseconds = parts.reduce(
    (sum, { cpuNanoseconds }) => sum + cpuNanoseconds,
    unattributedNanoseconds,
  );
  return { parts, unattributedNanoseconds, hostNanoseconds, childrenFirst: [] };
}

function host(socketBusy: readonly number[], cpuWeight = [1, 1, 1, 1], meanWeight = 1): HostCpuInterval {
  return {
    busyNanoseconds: socketBusy.reduce((sum, busy) => sum + busy, 0),
    socketBusyNanoseconds: Float64Array.from(socketBusy),
    socketEffectiveNanoseconds: Float64Array.from(socketBusy),
    cpuWeight: Float64Array.from(cpuWeight),
    meanWeight,
  };
}

function near(actual: number | undefined, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual! - expected) <= tolerance, `${actual} is not ${expected} within ${tolerance}`);
}

test('with one socket shares are the shares of CPU time, unattributed last', () => {
  const placer = new SocketPlacer({ sockets: [0], socketOf: Int32Array.of(0, 0) });
  const { overall, bySocket, sockets } = placer.place(usage([part(0, 6e8), part(1, 3e8)], 1e8), host([1e9]));
  assert.equal(sockets, 1);
  assert.deepEqual([...overall], [0.6, 0.3, 0.1]);
  assert.deepEqual([...bySocket], [...overall]);
});

test('a faster or less shared CPU counts for more, and unplaced work for the mean', () => {
  const placer = new SocketPlacer({ sockets: [0], socketOf: Int32Array.of(0, 0) });
  const { overall } = placer.place(
    usage([part(0, 1e9, 0), part(1, 1e9, 1), part(2, 1e9)]),
    host([3e9], [3, 1], 2),
  );
  assert.deepEqual([...overall.slice(0, 3)], [3 / 6, 1 / 6, 2 / 6]);
});

test('processes that were seen where the sockets worked stay exactly there', () => {
  const placer = new SocketPlacer(twoSockets);
  const { bySocket } = placer.place(usage([part(0, 9e8, 0), part(1, 3e8, 3)]), host([9e8, 3e8]));
  near(bySocket[0], 1, 0.005);
  near(bySocket[1], 0, 0.02);
  near(bySocket[2], 0, 0.005);
  near(bySocket[3], 1, 0.02);
  // At equal joules a CPU second each pays for its CPU time to the last digit.
  near(bySocket[0]! * 9 + bySocket[1]! * 3, 9, 1e-9);
});

test('what /proc/stat says of the sockets outweighs where a process was seen last', () => {
  const placer = new SocketPlacer(twoSockets);
  const { bySocket } = placer.place(usage([part(0, 1e9, 0)]), host([5e8, 5e8]));
  near(bySocket[0], 1, 1e-9);
  near(bySocket[1], 1, 1e-9);
});

test('a process that was not looked for is where it was before, until its slot is forgotten', () => {
  const placer = new SocketPlacer(twoSockets);
  placer.place(usage([part(0, 5e8, 0), part(1, 5e8, 2)]), host([5e8, 5e8]));
  const later = () => placer.place(usage([part(0, 5e8), part(1, 5e8)]), host([5e8, 5e8])).bySocket;
  near(later()[0], 1, 0.01);
  placer.forget(0);
  placer.forget(1);
  near(later()[0], 0.5, 1e-9);
});

test('what exited unseen and interrupts lie where the sockets worked', () => {
  const placer = new SocketPlacer(twoSockets);
  const { bySocket } = placer.place(usage([part(-1, 6e8)], 2e8), host([6e8, 2e8]));
  for (const socket of [0, 1]) {
    near(bySocket[socket], 0.75, 1e-9);
    near(bySocket[2 + socket], 0.25, 1e-9);
  }
});

test('an interval without work has no shares, and none without a scan is NaN', () => {
  const placer = new SocketPlacer(twoSockets);
  assert.deepEqual([...placer.place(usage([]), host([0, 0])).bySocket], [0, 0]);
  const unknown = placer.place(usage([part(0, 1e9, 0)]), undefined);
  assert.deepEqual([...unknown.overall], [1, 0]);
  for (const share of unknown.bySocket) assert.ok(share >= 0 && share <= 1 + 1e-12);
});

test('for any work the column of every socket that worked sums to 1 and no share is negative', () => {
  const parts = fc.array(fc.tuple(fc.integer({ min: 0, max: 4000 }), fc.integer({ min: -1, max: 3 })), {
    minLength: 1,
    maxLength: 12,
  });
  const busy = fc.tuple(fc.integer({ min: 0, max: 4000 }), fc.integer({ min: 0, max: 4000 }));
  const property = fc.property(
    parts,
    busy,
    fc.integer({ min: 0, max: 500 }),
    (rows, sockets, unattributed) => {
      const placer = new SocketPlacer(twoSockets);
      const work = usage(
        rows.map(([milliseconds, cpu], slot) => part(slot, milliseconds * 1e6, cpu)),
        unattributed * 1e6,
      );
      const socketBusy = sockets.map((milliseconds) => milliseconds * 1e6);
      const { bySocket, overall } = placer.place(work, host(socketBusy));
      const worked = work.hostNanoseconds > 0;
      assert.ok(bySocket.every((share) => share >= 0));
      near(
        overall.reduce((sum, share) => sum + share, 0),
        worked ? 1 : 0,
        1e-9,
      );
      const told = socketBusy[0]! + socketBusy[1]! > 0;
      for (const socket of [0, 1]) {
        let sum = 0;
        for (let row = 0; row <= rows.length; row++) sum += bySocket[row * 2 + socket]!;
        near(sum, worked && (!told || socketBusy[socket]! > 0) ? 1 : 0, 1e-9);
      }
    },
  );
  fc.assert(property, { seed: 11, numRuns: 200 });
});
