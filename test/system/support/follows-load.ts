import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NowEntity, NowSnapshot } from '../../../src/export/now-snapshot.ts';
import type { EntityKind } from '../../../src/inventory/entity.ts';
import type { MeterClient } from './meter.ts';

export interface LoadedEntity {
  readonly kind: EntityKind;
  readonly name: string;
  /** Starts a busy loop inside the entity, and resolves to what ends it. */
  readonly startLoad: () => Promise<() => Promise<void> | void> | (() => Promise<void> | void);
  /** CPU seconds of the entity since its start, from a source other than the meter. */
  readonly trueCpuSeconds: () => number;
}

export interface Phase {
  readonly watts: number;
  readonly cpus: number;
}

export interface FollowedLoad {
  readonly before: Phase;
  readonly during: Phase;
  readonly after: Phase;
  readonly cpuSeconds: number;
  readonly trueCpuSeconds: number;
  readonly joules: number;
  readonly nodeActiveJoules: number;
}

const loadSeconds = 4;
const quietSeconds = 2;

function only(snapshot: NowSnapshot, { kind, name }: LoadedEntity): NowEntity {
  const found = snapshot.entities.filter((one) => one.kind === kind && one.name === name);
  assert.equal(found.length, 1, `one ${kind} ${name} in /v1/now, not ${JSON.stringify(found)}`);
  return found[0]!;
}

/**
 * Plays quiet - load - quiet in an entity and asserts that the meter tells it so: its power rises with the load and
 * falls when it ends, its CPU time is what the kernel says, and its energy is part of the node's active energy.
 * Mean powers are taken from counters over whole phases, so that other work on the machine does not decide.
 */
export async function assertEnergyFollowsLoad(
  meter: MeterClient,
  entity: LoadedEntity,
): Promise<FollowedLoad> {
  await meter.entity(entity.kind, entity.name);
  const phase = (from: NowSnapshot, to: NowSnapshot): Phase => {
    const seconds = (to.unixMilliseconds - from.unixMilliseconds) / 1000;
    const [a, b] = [only(from, entity), only(to, entity)];
    return { watts: (b.joules - a.joules) / seconds, cpus: (b.cpuSeconds - a.cpuSeconds) / seconds };
  };

  const start = await meter.nextNow();
  const trueStart = entity.trueCpuSeconds();
  await sleep(quietSeconds * 1000);
  const quiet = await meter.nextNow();

  const stopLoad = await entity.startLoad();
  const loadBegins = await meter.nextNow();
  await sleep(loadSeconds * 1000);
  const loadEnds = await meter.nextNow();
  await stopLoad();

  const quietAgain = await meter.nextNow();
  await sleep(quietSeconds * 1000);
  const end = await meter.nextNow();
  const trueEnd = entity.trueCpuSeconds();

  const result: FollowedLoad = {
    before: phase(start, quiet),
    during: phase(loadBegins, loadEnds),
    after: phase(quietAgain, end),
    cpuSeconds: only(end, entity).cpuSeconds - only(start, entity).cpuSeconds,
    trueCpuSeconds: trueEnd - trueStart,
    joules: only(end, entity).joules - only(start, entity).joules,
    nodeActiveJoules: end.node.activeJoules - start.node.activeJoules,
  };
  assertPlausible(result);
  return result;
}

function assertPlausible(result: FollowedLoad): void {
  const { before, during, after, joules, nodeActiveJoules, cpuSeconds, trueCpuSeconds } = result;
  const told = JSON.stringify(result);
  assert(during.cpus > 0.05, `the load should get some CPU even on a busy machine: ${told}`);
  assert(during.watts > 5 * before.watts, `power should rise with the load: ${told}`);
  assert(after.watts < during.watts / 5, `power should fall with the load: ${told}`);
  // The quiet phases' edges are uncertain by an interval, but next to nothing runs in them.
  const tolerance = 0.03 * trueCpuSeconds + 0.1;
  assert(Math.abs(cpuSeconds - trueCpuSeconds) <= tolerance, `CPU time should be the kernel's: ${told}`);
  assert(joules <= nodeActiveJoules * 1.001, `a part should not exceed the whole: ${told}`);
}

/** One line for the report of a test. */
export function describeLoad({ before, during, after }: FollowedLoad): string {
  const watts = [before, during, after].map((one) => one.watts.toFixed(2)).join(' -> ');
  return `${watts} W with ${during.cpus.toFixed(2)} CPUs busy`;
}
