import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PowerSource, ReadContext, Zone, ZoneReading } from '../../src/meter/power-source.ts';
import { KisimError } from '../../src/util/errors.ts';

/** One host on which a source can be opened, played by the test. */
export interface PowerSourceRig {
  readonly source: PowerSource;
  /** Moves time (and whatever the source reads) on by so many seconds, and gives the context of the next read. */
  advance(seconds: number): ReadContext;
  /** Makes whatever the source reads unreadable from now on; absent where it reads nothing while it runs. */
  breakAll?(): void;
  /** Number of files, devices or threads that the source holds open now; absent where it holds none. */
  held?(): number;
  dispose(): void;
}

export interface PowerSourceCase {
  readonly name: string;
  rig(): PowerSourceRig;
  /** The same source on a host where it cannot be used. */
  unusable(): PowerSourceRig;
}

const KINDS = ['package', 'core', 'uncore', 'dram', 'psys', 'gpu', 'board', 'other'];
/** RAPL refreshes about each millisecond and psys counts whole joules: a short interval may hold a little more. */
const SLACK_MICROJOULES = 3e6;

/** The battery that every source passes: what attribution, history and exporters rely on. */
export function checkPowerSource(subject: PowerSourceCase): void {
  const withRig = (run: (rig: PowerSourceRig) => void, make = () => subject.rig()) => {
    const rig = make();
    try {
      run(rig);
    } finally {
      rig.source.close();
      rig.dispose();
    }
  };

  describe(`power source: ${subject.name}`, () => {
    test('is made without touching the host', () => {
      withRig(
        (rig) => {
          assert.equal(rig.held?.() ?? 0, 0);
          assert.deepEqual(rig.source.zones(), []);
        },
        () => subject.unusable(),
      );
    });

    test('refuses a host that it cannot be used on with a coded error, and leaves nothing open', () => {
      withRig(
        (rig) => {
          assert.throws(
            () => rig.source.open(),
            (error) =>
              error instanceof KisimError &&
              /^KISIM_E_[A-Z_]+$/.test(error.code) &&
              error.action !== '' &&
              error.expected !== '',
          );
          assert.equal(rig.held?.() ?? 0, 0);
        },
        () => subject.unusable(),
      );
    });

    test('names its zones fully, each with an id of its own, and says why one is not counted', () => {
      withRig((rig) => {
        rig.source.open();
        const zones = rig.source.zones();
        assert.ok(zones.length > 0);
        assert.equal(new Set(zones.map((zone) => zone.id)).size, zones.length);
        for (const zone of zones) checkZone(zone, rig.source.name);
        checkOverlap(zones);
      });
    });

    test('gives no energy at the first reading', () => {
      withRig((rig) => {
        rig.source.open();
        for (const reading of rig.source.read(rig.advance(1))) {
          assert.equal(reading.energyMicrojoules, undefined);
          assert.notEqual(reading.gap, undefined);
        }
      });
    });

    test('gives one reading a zone, in order, of the same zone objects, each an energy or a gap', () => {
      withRig((rig) => {
        rig.source.open();
        const zones = [...rig.source.zones()];
        for (let step = 0; step < 5; step += 1) {
          const readings = rig.source.read(rig.advance(1));
          assert.equal(readings.length, zones.length);
          for (const [at, reading] of readings.entries()) {
            assert.equal(reading.zone, zones[at]);
            checkReading(reading);
          }
        }
        for (const [at, zone] of rig.source.zones().entries()) assert.equal(zone, zones[at]);
      });
    });

    test('measures: from the second reading on counted zones have energy over the time gone by', () => {
      withRig((rig) => {
        rig.source.open();
        rig.source.read(rig.advance(1));
        let energy = 0;
        for (const seconds of [1, 2, 0.5]) {
          const counted = rig.source.read(rig.advance(seconds)).filter(({ zone }) => zone.counted);
          assert.ok(counted.length > 0, 'nothing is counted');
          for (const reading of counted) {
            assert.equal(reading.gap, undefined, `${reading.zone.id}: ${reading.gap}`);
            assert.ok(Math.abs(reading.intervalNanoseconds - seconds * 1e9) < 1e6, reading.zone.id);
            energy += reading.energyMicrojoules ?? Number.NaN;
          }
        }
        assert.ok(energy > 0, `${energy} uJ`);
      });
    });

    test('bears two reads at the same instant', () => {
      withRig((rig) => {
        rig.source.open();
        rig.source.read(rig.advance(1));
        rig.source.read(rig.advance(1));
        for (const reading of rig.source.read(rig.advance(0))) checkReading(reading);
      });
    });

    test('turns everything unreadable into gaps and never throws', () => {
      withRig((rig) => {
        if (rig.breakAll === undefined) return;
        rig.source.open();
        rig.source.read(rig.advance(1));
        rig.breakAll();
        for (let step = 0; step < 3; step += 1) {
          for (const reading of rig.source.read(rig.advance(1))) {
            assert.equal(reading.energyMicrojoules, undefined, reading.zone.id);
            assert.ok(reading.gap === 'unreadable' || reading.gap === 'vanished', reading.gap);
          }
        }
      });
    });

    test('closes completely, twice without harm, and opens again', () => {
      withRig((rig) => {
        rig.source.open();
        rig.source.read(rig.advance(1));
        rig.source.close();
        rig.source.close();
        assert.equal(rig.held?.() ?? 0, 0);
        rig.source.open();
        const [first] = rig.source.read(rig.advance(1));
        assert.equal(first?.energyMicrojoules, undefined, 'energy from before the source was opened');
        for (const reading of rig.source.read(rig.advance(1))) checkReading(reading);
      });
    });
  });
}

function checkZone(zone: Zone, source: string): void {
  assert.match(zone.id, /^[a-z0-9][A-Za-z0-9._:@/-]*$/);
  assert.ok(KINDS.includes(zone.kind), zone.kind);
  assert.equal(zone.counted, zone.exclusion === '', `${zone.id}: ${zone.exclusion}`);
  assert.notEqual(zone.path, '');
  assert.equal(zone.source, source);
  assert.ok(zone.maxWatts > 0 && Number.isFinite(zone.maxWatts), zone.id);
  if (zone.socket !== undefined) assert.ok(Number.isInteger(zone.socket) && zone.socket >= 0);
}

/** No two counted zones may hold the same energy. */
function checkOverlap(zones: readonly Zone[]): void {
  const counted = zones.filter((zone) => zone.counted);
  const kinds = new Set(counted.map((zone) => zone.kind));
  if (kinds.has('board') || kinds.has('psys')) assert.equal(kinds.size, 1, 'something inside is counted too');
  if (kinds.has('package')) assert.ok(!kinds.has('core') && !kinds.has('uncore'));
}

function checkReading(reading: ZoneReading): void {
  const { energyMicrojoules: energy, gap, intervalNanoseconds, zone } = reading;
  assert.equal(energy === undefined, gap !== undefined, `${zone.id}: ${energy} and ${gap}`);
  assert.ok(intervalNanoseconds >= 0);
  if (energy !== undefined) {
    assert.ok(Number.isFinite(energy) && energy >= 0, `${zone.id}: ${energy} uJ`);
    assert.ok(energy <= (zone.maxWatts * intervalNanoseconds) / 1000 + SLACK_MICROJOULES, zone.id);
  }
  if (reading.maxWatts !== undefined) {
    assert.ok(reading.maxWatts >= 0 && reading.maxWatts <= zone.maxWatts, zone.id);
  }
}
