import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadAddon } from '../../../src/native/addon.ts';

const addon = loadAddon();
const PERF_TYPE_SOFTWARE = 1;
const PERF_COUNT_SW_CPU_CLOCK = 0;

function refusalHere(): string | false {
  const event = { type: PERF_TYPE_SOFTWARE, config: PERF_COUNT_SW_CPU_CLOCK, cpu: 0, joulesPerCount: 1 };
  try {
    new addon.PerfEnergy(event).close();
    return false;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM' || code === 'ENOSYS')
      return `perf events refused here (${code})`;
    throw error;
  }
}

// The kernel's software clock stands in for an energy PMU, which few test machines have: the calls are the same.
test('a count is read, scaled and never decreases', { skip: refusalHere() }, () => {
  const event = { type: PERF_TYPE_SOFTWARE, config: PERF_COUNT_SW_CPU_CLOCK, cpu: 0 };
  const nanoseconds = new addon.PerfEnergy({ ...event, joulesPerCount: 1 });
  const seconds = new addon.PerfEnergy({ ...event, joulesPerCount: 1e-9 });
  const first = nanoseconds.readJoules();
  const before = nanoseconds.readJoules();
  const scaled = seconds.readJoules() * 1e9;
  const after = nanoseconds.readJoules();
  assert.ok(before >= first && after > first);
  // `seconds` was opened after `nanoseconds`, so it has counted less, but no less than between the two reads.
  assert.ok(scaled > 0 && scaled <= after);
  nanoseconds.close();
  nanoseconds.close();
  assert.throws(() => nanoseconds.readJoules(), /closed/);
});

test('an event that cannot be opened throws with its system error code', () => {
  assert.throws(
    () => new addon.PerfEnergy({ type: 0x7fffffff, config: 0, cpu: 0, joulesPerCount: 1 }),
    (error: NodeJS.ErrnoException) =>
      ['ENOENT', 'EACCES', 'EPERM', 'ENOSYS'].includes(error.code ?? '') &&
      error.syscall === 'perf_event_open',
  );
});

test('arguments are checked', () => {
  const event = { type: 1, config: 0, cpu: 0, joulesPerCount: 1 };
  for (const wrong of [{ type: -1 }, { config: 1.5 }, { cpu: Number.NaN }, { joulesPerCount: 0 }]) {
    assert.throws(() => new addon.PerfEnergy({ ...event, ...wrong }), TypeError);
  }
});
