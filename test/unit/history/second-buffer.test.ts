import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { EnergyInterval } from '../../../src/attribution/interval.ts';
import type { SecondBatch } from '../../../src/history/second-batch.ts';
import { SecondBuffer } from '../../../src/history/second-buffer.ts';
import { IDLE_PROVISIONAL_BIT, SOURCE_BITS } from '../../../src/history/source-bits.ts';
import { entityOf, makeInterval, START_UNIX_SECONDS, zoneOf } from '../../support/history-intervals.ts';

const START = START_UNIX_SECONDS * 1000;
const processes = Array.from({ length: 12 }, (_, i) => entityOf('process', `${i}:1`));

function collect(intervals: readonly EnergyInterval[]): { buffer: SecondBuffer; batches: SecondBatch[] } {
  const buffer = new SecondBuffer();
  const batches = intervals.map((interval) => buffer.add(interval));
  return { buffer, batches: [...batches, buffer.take()].filter((batch) => batch !== undefined) };
}

function energyOf(batch: SecondBatch, key: string): number {
  return batch.rows.find((row) => row.slot.key === key)?.microjoules ?? 0;
}

function partsOf(batch: SecondBatch): number {
  return batch.rows.reduce(
    (sum, { slot, microjoules }) =>
      ['idle', 'unattributed', 'process'].includes(slot.kind) ? sum + microjoules : sum,
    0,
  );
}

test('ten intervals of 100 ms become one second with their sum', () => {
  const { batches } = collect(
    Array.from({ length: 20 }, (_, i) =>
      makeInterval({
        startUnixMilliseconds: START + i * 100,
        milliseconds: 100,
        idle: 1e6,
        unattributed: 0,
        shares: [{ entity: processes[0]!, uj: 100.4, cpuNs: 1_000_400 }],
      }),
    ),
  );
  assert.equal(batches.length, 2);
  assert.equal(batches[0]!.unixSeconds, START_UNIX_SECONDS);
  assert.equal(batches[0]!.meteredMilliseconds, 1000);
  assert.equal(energyOf(batches[0]!, 'process:0:1'), 1004);
  assert.equal(batches[0]!.rows.find((row) => row.slot.kind === 'process')?.cpuMicroseconds, 10_004);
  assert.equal(energyOf(batches[0]!, 'node'), 10_001_004);
});

test('idle + processes + unattributed is the node in every second, and nothing is lost to rounding over time', () => {
  const fraction = fc.double({ min: 0, max: 50_000, noNaN: true });
  const second = fc.record({
    idle: fraction,
    unattributed: fraction,
    energies: fc.array(fraction, { minLength: 0, maxLength: processes.length }),
  });
  fc.assert(
    fc.property(fc.array(second, { minLength: 1, maxLength: 40 }), (seconds) => {
      const { buffer, batches } = collect(
        seconds.map(({ idle, unattributed, energies }, i) =>
          makeInterval({
            startUnixMilliseconds: START + i * 1000,
            milliseconds: 1000,
            idle,
            unattributed,
            shares: energies.map((uj, p) => ({ entity: processes[p]!, uj })),
          }),
        ),
      );
      assert.equal(buffer.unbalancedSeconds, 0);
      const exact = new Map<string, number>();
      const kept = new Map<string, number>();
      const add = (sums: Map<string, number>, key: string, uj: number) =>
        sums.set(key, (sums.get(key) ?? 0) + uj);
      for (const { idle, unattributed, energies } of seconds) {
        add(exact, 'idle', idle);
        add(exact, 'unattributed', unattributed);
        energies.forEach((uj, p) => void add(exact, processes[p]!.key, uj));
        add(exact, 'node', idle + unattributed + energies.reduce((a, b) => a + b, 0));
      }
      for (const batch of batches) {
        assert.ok(Math.abs(partsOf(batch) - energyOf(batch, 'node')) <= 0, 'parts and node differ');
        for (const { slot, microjoules } of batch.rows) {
          assert.ok(Number.isSafeInteger(microjoules) && microjoules >= 0);
          add(kept, slot.key, microjoules);
        }
      }
      assert.ok(Math.abs((kept.get('node') ?? 0) - exact.get('node')!) <= 0.51);
      for (const [key, uj] of exact) {
        // The largest part of a second holds the others' rounding until its next second.
        assert.ok(Math.abs((kept.get(key) ?? 0) - uj) <= 1 + processes.length, key);
      }
    }),
  );
});

test('a thousand processes of a third of a microjoule each second are not rounded away', () => {
  const many = Array.from({ length: 1000 }, (_, i) => entityOf('process', `${i}:9`));
  const { batches, buffer } = collect(
    Array.from({ length: 30 }, (_, i) =>
      makeInterval({
        startUnixMilliseconds: START + i * 1000,
        milliseconds: 1000,
        idle: 5e6,
        unattributed: 0,
        shares: many.map((entity) => ({ entity, uj: 1 / 3 })),
      }),
    ),
  );
  const kept = batches.reduce((sum, batch) => sum + partsOf(batch), 0);
  assert.ok(Math.abs(kept - (30 * 5e6 + 10_000)) <= 1, String(kept));
  assert.equal(buffer.unbalancedSeconds, 0);
});

test('thousands of processes that end with a fraction of a microjoule leave the balance exact', () => {
  const count = 2000;
  const { batches, buffer } = collect(
    Array.from({ length: count }, (_, i) =>
      makeInterval({
        startUnixMilliseconds: START + i * 1000,
        milliseconds: 1000,
        idle: 0,
        unattributed: 0,
        shares: [{ entity: entityOf('process', `${i}:1`), uj: 10.4, terminated: true }],
      }),
    ),
  );
  const node = batches.reduce((sum, batch) => sum + energyOf(batch, 'node'), 0);
  const parts = batches.reduce((sum, batch) => sum + partsOf(batch), 0);
  assert.equal(node, 10.4 * count);
  assert.equal(parts, node);
  assert.equal(buffer.unbalancedSeconds, 0);
});

test('rows with neither energy nor CPU time are left out; CPU time alone makes a row', () => {
  const { batches } = collect([
    makeInterval({
      startUnixMilliseconds: START,
      milliseconds: 1000,
      idle: 1e6,
      unattributed: 0,
      shares: [
        { entity: processes[0]!, uj: 0 },
        { entity: processes[1]!, uj: 0, cpuNs: 5000 },
      ],
    }),
  ]);
  assert.deepEqual(batches[0]!.rows.map((row) => row.slot.key).sort(), [
    'idle',
    'node',
    'process:1:1',
    'zone:package-0',
  ]);
});

test('an interval without a reading is a gap and no energy of zero', () => {
  const { batches } = collect([
    makeInterval({
      startUnixMilliseconds: START,
      milliseconds: 1000,
      idle: 1e6,
      unattributed: 0,
      shares: [{ entity: processes[0]!, uj: 5e5, cpuNs: 1e6 }],
      gap: 'unreadable',
    }),
  ]);
  const [batch] = batches;
  assert.deepEqual(batch!.gaps, [{ zone: 'package-0', reason: 'unreadable', seconds: 1 }]);
  assert.equal(batch!.meteredMilliseconds, 0);
  assert.ok(batch!.rows.every((row) => row.microjoules === 0 && row.cpuMicroseconds > 0));
});

test('provenance and an idle power not yet learned travel with the rows', () => {
  const { batches } = collect([
    makeInterval({
      startUnixMilliseconds: START,
      milliseconds: 1000,
      idle: 1e6,
      unattributed: 1e3,
      shares: [{ entity: processes[0]!, uj: 5e5 }],
      provenance: 'estimated',
      idleState: 'provisional',
    }),
  ]);
  const bits = Object.fromEntries(batches[0]!.rows.map((row) => [row.slot.key, row.sourceBits]));
  const split = SOURCE_BITS.estimated | IDLE_PROVISIONAL_BIT;
  assert.deepEqual(bits, {
    node: SOURCE_BITS.estimated,
    'zone:package-0': SOURCE_BITS.estimated,
    idle: split,
    unattributed: split,
    'process:0:1': split,
  });
});

test('an entity has the provenance of the zones that it drew from', () => {
  const base = makeInterval({
    startUnixMilliseconds: START,
    milliseconds: 1000,
    idle: 0,
    unattributed: 0,
    shares: [
      { entity: processes[0]!, uj: 5e5 },
      { entity: processes[1]!, uj: 5e5 },
    ],
  });
  const gpu = { ...base.zones[0]!, zone: zoneOf('gpu-0', { provenance: 'integrated', socket: undefined }) };
  const { batches } = collect([
    {
      ...base,
      zones: [base.zones[0]!, gpu],
      shares: [
        { ...base.shares[0]!, zoneMicrojoules: Float64Array.of(5e5, 0) },
        { ...base.shares[1]!, zoneMicrojoules: Float64Array.of(2e5, 3e5) },
      ],
    },
  ]);
  const bitsOf = (key: string) => batches[0]!.rows.find((row) => row.slot.key === key)?.sourceBits;
  assert.equal(bitsOf('process:0:1'), SOURCE_BITS.measured);
  assert.equal(bitsOf('process:1:1'), SOURCE_BITS.measured | SOURCE_BITS.integrated);
  assert.equal(bitsOf('node'), SOURCE_BITS.measured | SOURCE_BITS.integrated);
});

test('negative energy and values that are no numbers are counted and left out', () => {
  const interval = (uj: number) =>
    makeInterval({
      startUnixMilliseconds: START,
      milliseconds: 1000,
      idle: 1e6,
      unattributed: 0,
      shares: [{ entity: entityOf('container', 'c'), uj }],
    });
  for (const uj of [Number.NaN, -5e6, Number.POSITIVE_INFINITY]) {
    const { buffer, batches } = collect([interval(uj)]);
    assert.equal(buffer.rejectedValues, 1, String(uj));
    assert.equal(energyOf(batches[0]!, 'container:c'), 0);
  }
});

test('parts that are not the parts of the node are stored as they are, and counted', () => {
  const interval = makeInterval({
    startUnixMilliseconds: START,
    milliseconds: 1000,
    idle: 1e6,
    unattributed: 0,
    shares: [{ entity: processes[0]!, uj: 5e5 }],
  });
  const { buffer, batches } = collect([{ ...interval, energyMicrojoules: 9e6 }]);
  assert.equal(buffer.unbalancedSeconds, 1);
  assert.equal(energyOf(batches[0]!, 'node'), 9e6);
  assert.equal(energyOf(batches[0]!, 'process:0:1'), 5e5);
});

test('a clock set back and a clock set ahead are remarked', () => {
  const at = (milliseconds: number) =>
    makeInterval({
      startUnixMilliseconds: milliseconds,
      milliseconds: 1000,
      idle: 1e6,
      unattributed: 0,
      shares: [],
    });
  const { batches } = collect([at(START), at(START + 1000), at(START - 60_000), at(START + 3_600_000)]);
  assert.deepEqual(
    batches.flatMap((batch) => batch.gaps.map(({ zone, reason, seconds }) => [zone, reason, seconds])),
    [
      ['*', 'clock-set-back', 62],
      ['*', 'clock-jump-or-pause', 3659],
    ],
  );
});

test('an interval in which the clock was set lies where it ended', () => {
  const interval = makeInterval({
    startUnixMilliseconds: START,
    milliseconds: 1000,
    idle: 1e6,
    unattributed: 0,
    shares: [],
  });
  const { batches } = collect([{ ...interval, endUnixMilliseconds: START + 86_400_000 }]);
  assert.equal(batches[0]!.unixSeconds, START_UNIX_SECONDS + 86_399);
});
