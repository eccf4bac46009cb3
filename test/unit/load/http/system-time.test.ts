import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coarseTime, preciseTime } from '../../../../src/load/http/system-time.ts';

for (const [name, time] of [
  ['coarse', coarseTime],
  ['precise', preciseTime],
] as const) {
  test(`${name} time calls back later, never within the call`, async () => {
    for (const milliseconds of [-1, 0, 0.4, 3]) {
      let called = false;
      await new Promise<void>((resolve) => {
        time.after(milliseconds, () => {
          called = true;
          resolve();
        });
        assert.equal(called, false);
      });
    }
  });

  test(`${name} time does not call back what was taken back`, async () => {
    const called: number[] = [];
    const takeBack = [0, 1, 4].map((milliseconds) =>
      time.after(milliseconds, () => called.push(milliseconds)),
    );
    for (const each of takeBack) each();
    await new Promise<void>((resolve) => {
      time.after(8, resolve);
    });
    assert.deepEqual(called, []);
  });

  test(`${name} time never goes back`, () => {
    const first = time.monotonicMilliseconds();
    assert.ok(time.monotonicMilliseconds() >= first);
  });
}
