import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageTracker } from '../../../src/attribution/usage.ts';
import { FakeInventory, fakeTick } from '../../support/fake-inventory.ts';

const MS = 1e6;

function cpuByKey(
  parts: readonly { entity: { key: string }; cpuNanoseconds: number }[],
): Record<string, number> {
  return Object.fromEntries(parts.map((part) => [part.entity.key, part.cpuNanoseconds / MS]));
}

test('what exited between two scans stays with its container and is not spread over survivors', () => {
  const inventory = new FakeInventory();
  const container = inventory.addAccount('container', 'c1', { group: 0 });
  inventory.addProcess(0, container);
  inventory.addProcess(1);
  const tracker = new UsageTracker(() => Number.NaN);
  tracker.advance(fakeTick({ groups: [5000 * MS] }), inventory, 0);
  const usage = tracker.advance(
    fakeTick({ active: { 0: 100 * MS, 1: 300 * MS }, groups: [5300 * MS] }),
    inventory,
    650 * MS,
  );
  assert.deepEqual(cpuByKey(usage.parts), {
    'process:p0': 100,
    'process:p1': 300,
    'process:exited:container:c1': 200,
  });
  assert.equal(usage.unattributedNanoseconds, 50 * MS);
});

test('the counter of a cgroup at its first reading is history, not use', () => {
  const inventory = new FakeInventory();
  const container = inventory.addAccount('container', 'c1', { group: 0 });
  inventory.addProcess(0, container);
  const tracker = new UsageTracker(() => Number.NaN);
  const usage = tracker.advance(fakeTick({ active: { 0: 10 * MS }, groups: [9e15] }), inventory, 20 * MS);
  assert.deepEqual(cpuByKey(usage.parts), { 'process:p0': 10 });
});

test('a container born within the interval gets all that its counter holds', () => {
  const inventory = new FakeInventory();
  const slice = inventory.addAccount('unit', 'slice', { group: 0 });
  const tracker = new UsageTracker((group) => (group === 1 ? 400 * MS : Number.NaN));
  tracker.advance(fakeTick({ groups: [1000 * MS] }), inventory, 0);
  const container = inventory.addAccount('container', 'new', { parent: slice, group: 1 });
  inventory.addProcess(0, container);
  const usage = tracker.advance(
    fakeTick({ active: { 0: 100 * MS }, groups: [1500 * MS] }),
    inventory,
    600 * MS,
  );
  assert.deepEqual(cpuByKey(usage.parts), {
    'process:p0': 100,
    'process:exited:container:new': 300,
    'process:exited:unit:slice': 100,
  });
});

test('a cgroup that was there before with a long history gets only what its processes did', () => {
  const inventory = new FakeInventory();
  const tracker = new UsageTracker(() => 7200e9);
  tracker.advance(fakeTick({}), inventory, 0);
  inventory.addProcess(0, inventory.addAccount('unit', 'old.service', { group: 0 }));
  const usage = tracker.advance(fakeTick({ active: { 0: 50 * MS }, groups: [] }), inventory, 100 * MS);
  assert.deepEqual(cpuByKey(usage.parts), { 'process:p0': 50 });
});

test('skew between the reads of a process and its cgroup cancels out over time', () => {
  const inventory = new FakeInventory();
  const container = inventory.addAccount('container', 'c1', { group: 0 });
  inventory.addProcess(0, container);
  const tracker = new UsageTracker(() => Number.NaN);
  let group = 0;
  let exited = 0;
  tracker.advance(fakeTick({ groups: [group] }), inventory, 0);
  for (let tick = 0; tick < 1000; tick++) {
    // The cgroup is read up to 1 ms after the process, by a skew that comes and goes.
    const skew = tick % 2 === 0 ? 1 * MS : -1 * MS;
    group += 500 * MS + skew;
    const usage = tracker.advance(
      fakeTick({ active: { 0: 500 * MS }, groups: [group] }),
      inventory,
      500 * MS,
    );
    for (const part of usage.parts) if (part.slot < 0) exited += part.cpuNanoseconds;
  }
  assert.ok(exited <= 1 * MS, `${exited / MS} ms of a process that never exited`);
});

test('exact exits are charged to the process, and not again to what exited', () => {
  const inventory = new FakeInventory();
  const container = inventory.addAccount('container', 'c1', { group: 0 });
  inventory.addProcess(0, container);
  inventory.addProcess(1, container);
  const tracker = new UsageTracker(() => Number.NaN);
  tracker.advance(fakeTick({ groups: [0] }), inventory, 0);
  const usage = tracker.advance(
    fakeTick({
      exited: [{ slot: 0, cpuNanoseconds: 40 * MS, exact: true }],
      shortLived: [{ pid: 9, ppid: 1001, comm: 'x', cpuNanoseconds: 30 * MS, ancestorSlot: 1 }],
      groups: [70 * MS],
    }),
    inventory,
    70 * MS,
  );
  assert.deepEqual(cpuByKey(usage.parts), { 'process:p0': 40, 'process:exited:container:c1': 30 });
  assert.equal(usage.parts.find((part) => part.slot === 0)?.terminated, true);
  assert.equal(usage.unattributedNanoseconds, 0);
});

test('a counter that vanished or went backwards leaves its processes to speak for it', () => {
  const inventory = new FakeInventory();
  const container = inventory.addAccount('container', 'c1', { group: 0 });
  inventory.addProcess(0, container);
  const tracker = new UsageTracker(() => Number.NaN);
  tracker.advance(fakeTick({ groups: [800 * MS] }), inventory, 0);
  for (const reading of [Number.NaN, 3 * MS]) {
    const usage = tracker.advance(
      fakeTick({ active: { 0: 10 * MS }, groups: [reading] }),
      inventory,
      10 * MS,
    );
    assert.deepEqual(cpuByKey(usage.parts), { 'process:p0': 10 });
  }
});

test('an account id that was used again does not inherit the counter of the one before', () => {
  const inventory = new FakeInventory();
  const id = inventory.addAccount('container', 'old', { group: 0 });
  const tracker = new UsageTracker(() => 0);
  tracker.advance(fakeTick({ groups: [1000 * MS] }), inventory, 0);
  inventory.accounts[id] = {
    ...inventory.accounts[id]!,
    entity: { ...inventory.accounts[id]!.entity!, key: 'container:new' },
  };
  const usage = tracker.advance(fakeTick({ groups: [5 * MS] }), inventory, 5 * MS);
  assert.deepEqual(cpuByKey(usage.parts), { 'process:exited:container:new': 5 });
});

test('every child comes before its parent, whatever the ids', () => {
  const inventory = new FakeInventory();
  inventory.accounts.push(
    { id: 1, parent: 3, group: -1, entity: undefined },
    { id: 2, parent: 1, group: -1, entity: undefined },
    { id: 3, parent: 0, group: -1, entity: undefined },
  );
  const { childrenFirst } = new UsageTracker(() => 0).advance(fakeTick({}), inventory, 0);
  assert.deepEqual(childrenFirst, [2, 1, 3, 0]);
});

test('after a tick without a counter its processes are not charged again as something that exited', () => {
  const inventory = new FakeInventory();
  const container = inventory.addAccount('container', 'c1', { group: 0 });
  inventory.addProcess(0, container);
  const tracker = new UsageTracker(() => Number.NaN);
  const tick = (counter: number) =>
    cpuByKey(
      tracker.advance(fakeTick({ active: { 0: 500 * MS }, groups: [counter] }), inventory, 500 * MS).parts,
    );
  tick(1000 * MS);
  tick(1500 * MS);
  tick(Number.NaN);
  assert.deepEqual(tick(2500 * MS), { 'process:p0': 500 });
  assert.deepEqual(tick(3040 * MS), { 'process:p0': 500, 'process:exited:container:c1': 40 });
});

test('after a scan that failed altogether clocks and counter speak of the same longer time', () => {
  const inventory = new FakeInventory();
  const container = inventory.addAccount('container', 'c1', { group: 0 });
  inventory.addProcess(0, container);
  const tracker = new UsageTracker(() => Number.NaN);
  tracker.advance(fakeTick({ groups: [1000 * MS] }), inventory, 0);
  const failed = tracker.advance(fakeTick({}), inventory, Number.NaN);
  assert.deepEqual([failed.parts.length, failed.unattributedNanoseconds], [0, 0]);
  const usage = tracker.advance(
    fakeTick({ active: { 0: 1000 * MS }, groups: [2030 * MS] }),
    inventory,
    Number.NaN,
  );
  assert.deepEqual(cpuByKey(usage.parts), { 'process:p0': 1000, 'process:exited:container:c1': 30 });
});

test('who was born and gone in the tick in which its ancestor died stays with the ancestor’s account', () => {
  const inventory = new FakeInventory();
  const container = inventory.addAccount('container', 'c1');
  inventory.addProcess(0, container);
  const tracker = new UsageTracker(() => Number.NaN);
  const usage = tracker.advance(
    fakeTick({
      exited: [{ slot: 0, cpuNanoseconds: 20 * MS, exact: true }],
      shortLived: [
        { pid: 9, ppid: 8, comm: 'sh', cpuNanoseconds: 30 * MS, ancestorSlot: 0 },
        { pid: 11, ppid: 10, comm: 'sh', cpuNanoseconds: 5 * MS, ancestorSlot: -1 },
      ],
    }),
    inventory,
    60 * MS,
  );
  assert.deepEqual(cpuByKey(usage.parts), {
    'process:p0': 20,
    'process:exited:container:c1': 30,
    'process:exited:root': 5,
  });
  assert.equal(usage.unattributedNanoseconds, 5 * MS);
});
