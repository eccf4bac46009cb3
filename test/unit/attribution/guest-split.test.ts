import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { podDelta, splitGuest } from '../../../src/attribution/guest-split.ts';
import type { ContainerUse, PodUse } from '../../../src/attribution/node-use.ts';

const amounts = fc.array(fc.double({ min: 0, max: 1e12, noNaN: true }), { minLength: 1, maxLength: 4 });
const times = fc.array(fc.double({ min: 0, max: 1e13, noNaN: true }), { maxLength: 20 });

function pod(over: Partial<PodUse>): PodUse {
  return {
    uid: 'u1',
    namespace: 'default',
    name: 'web',
    startUnixMilliseconds: 1000,
    cpu: undefined,
    containers: [],
    ...over,
  };
}

function container(name: string, cpuNanoseconds: number, startUnixMilliseconds = 1000): ContainerUse {
  return { name, startUnixMilliseconds, cpu: { cpuNanoseconds, unixMilliseconds: 5000 } };
}

function whole(cpuNanoseconds: number): PodUse {
  return pod({ cpu: { cpuNanoseconds, unixMilliseconds: 5000 } });
}

describe('splitGuest', () => {
  test('pods and system sum to the guest, each zone, and nobody is below nothing', () => {
    fc.assert(
      fc.property(
        amounts,
        times,
        fc.option(fc.double({ min: 0, max: 1e14, noNaN: true })),
        (zones, pods, all) => {
          const split = splitGuest({
            zoneMicrojoules: Float64Array.from(zones),
            guestNanoseconds: all ?? undefined,
            hostNanoseconds: 1e9,
            podNanoseconds: pods,
          });
          for (const [zone, energy] of zones.entries()) {
            const parts = [...split.pods.map((each) => each[zone]!), split.systemMicrojoules[zone]!];
            assert(parts.every((part) => part >= 0));
            const sum = parts.reduce((total, part) => total + part, 0);
            assert(Math.abs(sum - energy) <= 1e-9 * Math.max(1, energy), `${sum} of ${energy}`);
          }
        },
      ),
    );
  });

  test('energy follows CPU time, and what is no pod is the system', () => {
    const split = splitGuest({
      zoneMicrojoules: Float64Array.of(100, 10),
      guestNanoseconds: 10,
      hostNanoseconds: 99,
      podNanoseconds: [2, 3],
    });
    assert.deepEqual(split.pods, [Float64Array.of(20, 2), Float64Array.of(30, 3)]);
    assert.deepEqual(split.systemMicrojoules, Float64Array.of(50, 5));
    assert.equal(split.systemNanoseconds, 5);
  });

  test('pods whose counters saw more than the guest share all of it', () => {
    const { pods, systemMicrojoules } = splitGuest({
      zoneMicrojoules: Float64Array.of(90),
      guestNanoseconds: 10,
      hostNanoseconds: 10,
      podNanoseconds: [10, 20],
    });
    assert.deepEqual(pods, [Float64Array.of(30), Float64Array.of(60)]);
    assert.equal(systemMicrojoules[0], 0);
  });

  test("without a counter of the guest the host's stands in; without any work all is the system's", () => {
    const zoneMicrojoules = Float64Array.of(100);
    const some = splitGuest({
      zoneMicrojoules,
      guestNanoseconds: undefined,
      hostNanoseconds: 8,
      podNanoseconds: [2],
    });
    assert.equal(some.pods[0]![0], 25);
    const none = splitGuest({
      zoneMicrojoules,
      guestNanoseconds: 0,
      hostNanoseconds: 8,
      podNanoseconds: [0],
    });
    assert.equal(none.systemMicrojoules[0], 100);
  });
});

describe('podDelta', () => {
  test("a pod's own counter goes on over restarts of its containers", () => {
    const before = pod({
      cpu: { cpuNanoseconds: 100, unixMilliseconds: 5000 },
      containers: [container('a', 90)],
    });
    const now = pod({
      cpu: { cpuNanoseconds: 150, unixMilliseconds: 5000 },
      containers: [container('a', 5, 4000)],
    });
    assert.equal(podDelta(before, now), 50);
  });

  test('a counter that fell began anew: all that it holds came since', () => {
    assert.equal(podDelta(whole(100), whole(30)), 30);
  });

  test('containers are told apart by their start', () => {
    const before = pod({ containers: [container('a', 100), container('b', 10)] });
    const now = pod({ containers: [container('a', 120, 4000), container('b', 15), container('new', 3)] });
    assert.equal(podDelta(before, now), 120 + 5 + 3);
  });

  test('readings that count different things tell nothing', () => {
    assert.equal(podDelta(whole(100), pod({ containers: [container('a', 90)] })), undefined);
    assert.equal(podDelta(pod({}), whole(100)), undefined);
  });
});
