import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nextHeldBytes } from '../../../../src/load/block/memory-control.ts';

const MIB = 1024 * 1024;

test('the process comes to what was asked for in steps, whatever the rest of it takes, and stays there', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 120, max: 4096 }),
      fc.array(fc.integer({ min: 60, max: 110 }), { minLength: 1, maxLength: 5 }),
      (askedMib, ownMib) => {
        const asked = askedMib * MIB;
        let held = 0;
        for (const own of ownMib) {
          for (let i = 0; i < 100; i++) held = nextHeldBytes(asked, held, own * MIB + held, 64 * MIB);
          const resident = own * MIB + held;
          assert.ok(Math.abs(resident - asked) <= asked / 500, `${resident} of ${asked}`);
          assert.equal(nextHeldBytes(asked, held, resident, 64 * MIB), held);
        }
      },
    ),
  );
});

test('no step is larger than allowed; giving back is at once', () => {
  assert.equal(nextHeldBytes(1000 * MIB, 0, 100 * MIB, 64 * MIB), 64 * MIB);
  assert.equal(nextHeldBytes(1000 * MIB, 900 * MIB, 1400 * MIB, 64 * MIB), 500 * MIB);
  assert.equal(nextHeldBytes(100 * MIB, 10 * MIB, 500 * MIB, 64 * MIB), 0);
});
