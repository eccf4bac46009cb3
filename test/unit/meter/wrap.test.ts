import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CounterTrack, longestSafeSeconds } from '../../../src/meter/wrap.ts';

const RANGE = 65_532_610_987;

test('whatever the start, a counter read often enough gives back every joule burnt, wraps or not', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: RANGE - 1 }),
      fc.array(fc.integer({ min: 0, max: 400_000_000 }), { minLength: 1, maxLength: 400 }),
      (start, burnt) => {
        const track = new CounterTrack({ rangeMicrojoules: RANGE, maxWatts: 500, wraps: true });
        let raw = start;
        let measured = 0;
        track.step(raw, 0);
        for (const [at, energy] of burnt.entries()) {
          raw += energy;
          if (raw >= RANGE) raw -= RANGE;
          measured += track.step(raw, (at + 1) * 1e9).energyMicrojoules ?? Number.NaN;
        }
        assert.equal(
          measured,
          burnt.reduce((sum, energy) => sum + energy, 0),
        );
      },
    ),
  );
});

test('whatever is read, the result is an energy within what can be drawn, or a reason', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 2 ** 52 }), fc.integer({ min: 0, max: 1e11 })), {
        maxLength: 50,
      }),
      fc.option(fc.constant(RANGE), { nil: undefined }),
      (readings, rangeMicrojoules) => {
        const track = new CounterTrack({ rangeMicrojoules, maxWatts: 300, wraps: true });
        let now = 0;
        for (const [raw, pause] of readings) {
          now += pause;
          const step = track.step(raw, now);
          assert.equal(step.energyMicrojoules === undefined, step.gap !== undefined);
          if (step.energyMicrojoules === undefined) continue;
          assert.ok(step.energyMicrojoules >= 0);
          assert.ok(step.energyMicrojoules <= (300 * (step.intervalNanoseconds + 2e6)) / 1000 + 2e6);
        }
      },
    ),
  );
});

test('a 64-bit counter of the kernel never wraps: a decrease is a jump, a long pause is fine', () => {
  const track = new CounterTrack({ rangeMicrojoules: undefined, maxWatts: 300, wraps: false });
  track.step(1000, 0);
  assert.equal(track.step(5_000_000_000, 3600e9).energyMicrojoules, 4_999_999_000);
  assert.equal(track.step(10, 3601e9).gap, 'negative-jump');
});

test('the longest safe interval follows from range and power', () => {
  const seconds = longestSafeSeconds({ rangeMicrojoules: RANGE, maxWatts: 280, wraps: true });
  assert.ok(Math.abs(seconds - 234) < 0.1, `${seconds} s; turbostat prints 234 for 280 W`);
});

test('two readings at the same instant are an interval of nothing, not a fault', () => {
  const track = new CounterTrack({ rangeMicrojoules: RANGE, maxWatts: 300, wraps: true });
  track.step(1000, 5);
  assert.deepEqual(track.step(1000, 5), { energyMicrojoules: 0, gap: undefined, intervalNanoseconds: 0 });
});

test('an interval as short as the refresh of the counter may hold the energy of one more', () => {
  const track = new CounterTrack({ rangeMicrojoules: RANGE, maxWatts: 300, wraps: true });
  track.step(0, 0);
  assert.equal(track.step(400_000, 1e6).energyMicrojoules, 400_000, '300 W over 1 ms is 0.3 J');
  assert.equal(track.step(3_400_000, 2e6).gap, 'absurd-jump');
});

test('where the range is unknown a long interval is unknown too: the smallest known counter could have wrapped', () => {
  const track = new CounterTrack({ rangeMicrojoules: undefined, maxWatts: 300, wraps: true });
  track.step(0, 0);
  assert.equal(track.step(1_000_000, 210e9).energyMicrojoules, 1_000_000);
  assert.equal(track.step(2_000_000, 440e9).gap, 'gap-exceeds-wrap');
});
