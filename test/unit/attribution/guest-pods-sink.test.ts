import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GuestPodsSink } from '../../../src/attribution/guest-pods-sink.ts';
import type { EnergyInterval, EntityShare } from '../../../src/attribution/interval.ts';
import type { Entity } from '../../../src/inventory/entity.ts';
import { type Logger, silentLogger } from '../../../src/util/log.ts';
import { anEntity, anInterval, aZone, share, zoneInterval } from '../../support/intervals.ts';
import { nodeUse, podUse } from '../../support/node-uses.ts';

const zone = aZone();
const dram = aZone({ id: 'dram-0', kind: 'dram' });
const vm = anEntity('vm', 'minikube', { key: 'vm:1', vmId: '1' });
const nodeOf = ({ name }: Entity) => (name === 'minikube' ? 'minikube' : undefined);

class Kept {
  readonly all: EnergyInterval[] = [];

  accept(interval: EnergyInterval): void {
    this.all.push(interval);
  }

  /** Microjoules by pod name. */
  pods(): Map<string, number> {
    const sums = new Map<string, number>();
    for (const { shares } of this.all)
      for (const { entity, energyMicrojoules } of shares)
        if (entity.kind === 'pod') sums.set(entity.name, (sums.get(entity.name) ?? 0) + energyMicrojoules);
    return sums;
  }
}

function sinkInto(kept: Kept, log: Logger = silentLogger): GuestPodsSink {
  return new GuestPodsSink({ next: [kept], nodeOf, log });
}

/** One second that ends at `second`, in which the guest burns so many joules by zone. */
function second(at: number, joules: readonly number[], more: readonly EntityShare[] = []): EnergyInterval {
  const zones = [zone, dram]
    .slice(0, joules.length)
    .map((each, i) => zoneInterval(each, { active: joules[i]! }));
  const shares = joules.some((each) => each > 0) ? [share(vm, joules, { cpuSeconds: 1 })] : [];
  return anInterval(at, zones, [...shares, ...more]);
}

function near(found: number | undefined, expected: number): void {
  assert(found !== undefined && Math.abs(found - expected) <= 1e-9 * Math.max(1, expected), `${found}`);
}

describe('pods in guests', () => {
  test('a window is handed on evenly over the next one, conserved in every zone', () => {
    const kept = new Kept();
    const sink = sinkInto(kept);
    for (let at = 1; at <= 40; at++) {
      sink.accept(second(at, at <= 20 ? [2, 0.5] : [0, 0]));
      if (at === 10) sink.take(nodeUse('minikube', 10, 10, [podUse('web', 0, 10), podUse('db', 0, 10)]));
      if (at === 20) sink.take(nodeUse('minikube', 20, 20, [podUse('web', 6, 20), podUse('db', 3, 20)]));
    }
    near(kept.pods().get('web'), 15e6);
    near(kept.pods().get('db'), 7.5e6);
    near(kept.pods().get('(system of minikube)'), 2.5e6);
    const told = kept.all.filter(({ shares }) => shares.some(({ entity }) => entity.name === 'web'));
    assert.deepEqual(
      [told.length, told[0]?.sequence, told.at(-1)?.sequence],
      // The reading of second 20 is settled in the interval that ends at 21.
      [10, 21, 30],
    );
    for (const { shares } of told) {
      const web = shares.find(({ entity }) => entity.name === 'web')!;
      near(web.zoneMicrojoules[0], 1.2e6);
      near(web.zoneMicrojoules[1], 0.3e6);
      near(web.cpuNanoseconds, 0.6e9);
      assert.deepEqual(
        [web.entity.kind, web.entity.namespace, web.entity.podUid, web.entity.key, web.entity.vmId],
        ['pod', 'default', 'web', 'pod:web', '1'],
      );
    }
  });

  test('all else of an interval stays as it is, and without guests the interval itself is handed on', () => {
    const kept = new Kept();
    const sink = sinkInto(kept);
    const plain = second(1, [0]);
    sink.accept(plain);
    assert.equal(kept.all[0], plain);
    const { shares, ...rest } = second(2, [2], [share(anEntity('process', 'p'), [1])]);
    sink.accept({ ...rest, shares });
    assert.deepEqual(kept.all[1], { ...rest, shares });
  });

  test('a pod that this host meters itself is not told a second time', () => {
    const kept = new Kept();
    const sink = sinkInto(kept);
    const own = share(anEntity('pod', 'web', { key: 'pod:web', podUid: 'web' }), [1], { cpuSeconds: 1 });
    for (let at = 1; at <= 40; at++) {
      sink.accept(second(at, [2], [own]));
      if (at % 10 === 0) sink.take(nodeUse('minikube', at, at, [podUse('web', at / 2, at)]));
    }
    near(kept.pods().get('web'), 40e6);
  });

  test('the last share of a pod that has ended says so, and only then is it gone', () => {
    const kept = new Kept();
    const sink = sinkInto(kept);
    // The window before the one in which it is missing is not all handed on when that is seen.
    const pods = (at: number) => (at < 15 ? [podUse('job', at / 2, at)] : []);
    for (let at = 1; at <= 40; at++) {
      sink.accept(second(at, [2]));
      if (at === 5 || at === 11 || at >= 15) sink.take(nodeUse('minikube', at, at, pods(at)));
    }
    const job = kept.all.flatMap(({ shares }) => shares.filter(({ entity }) => entity.name === 'job'));
    assert.deepEqual(
      job.map(({ terminated }) => terminated),
      job.map((_, index) => index === job.length - 1),
    );
    assert.equal(sink.isAlive(job[0]!.entity), undefined);
    const system = kept.all.at(-1)!.shares.find(({ entity }) => entity.name.startsWith('(system'))!;
    assert.equal(system.terminated, false);
    assert.equal(sink.isAlive(system.entity), true);
  });

  test('an idle pod is alive without a share', () => {
    const kept = new Kept();
    const sink = sinkInto(kept);
    for (let at = 1; at <= 40; at++) {
      sink.accept(second(at, [2]));
      if (at % 10 === 0) sink.take(nodeUse('minikube', at, at, [podUse('idle', at === 10 ? 0 : 1, at)]));
    }
    const idle = kept.all.flatMap(({ shares }) => shares).find(({ entity }) => entity.name === 'idle');
    assert.equal(sink.isAlive(idle!.entity), true);
    assert.equal(sink.isAlive(anEntity('pod', 'other')), undefined);
  });

  test('what was burnt in a zone that has vanished since is not lost', () => {
    const kept = new Kept();
    const sink = sinkInto(kept);
    for (let at = 1; at <= 40; at++) {
      sink.accept(at <= 25 ? second(at, [2, 1]) : second(at, [0]));
      if (at % 10 === 0 && at <= 20) sink.take(nodeUse('minikube', at, at, [podUse('web', at, at)]));
    }
    near(kept.pods().get('web'), 30e6);
  });

  test('a guest whose clock is wrong is told once and not split', () => {
    const told: string[] = [];
    const log: Logger = {
      ...silentLogger,
      warn: (event) => void told.push(event),
      info: (event) => void told.push(event),
    };
    const kept = new Kept();
    const sink = sinkInto(kept, log);
    for (let at = 1; at <= 60; at++) {
      sink.accept(second(at, [2]));
      const lagSeconds = at < 40 ? 3000 : 0;
      if (at % 10 === 0) sink.take(nodeUse('minikube', at - lagSeconds, at, [], { lagSeconds }));
    }
    assert.deepEqual(told, ['guest-clock-off', 'guest-clock-right-again']);
    assert.deepEqual([...kept.pods().keys()], ['(system of minikube)']);
  });

  test('one sink that fails does not keep an interval from the others', () => {
    const told: string[] = [];
    const kept = new Kept();
    const sink = new GuestPodsSink({
      next: [{ accept: () => assert.fail('full') }, kept],
      nodeOf,
      log: { ...silentLogger, error: (event) => void told.push(event) },
    });
    sink.accept(second(1, [2]));
    assert.deepEqual([kept.all.length, told], [1, ['interval-sink-failed']]);
  });

  test('a defect in the split is told once and keeps no interval from anyone', () => {
    const told: string[] = [];
    const kept = new Kept();
    const sink = new GuestPodsSink({
      next: [kept],
      nodeOf: () => assert.fail('a defect'),
      log: { ...silentLogger, error: (event) => void told.push(event) },
    });
    sink.accept(second(1, [2]));
    sink.accept(second(2, [2]));
    assert.deepEqual([kept.all.length, told], [2, ['guest-pods-failed']]);
  });

  test('readings of nodes that are no guests of this host change nothing', () => {
    const kept = new Kept();
    const sink = sinkInto(kept);
    sink.accept(second(1, [2]));
    sink.take(nodeUse('elsewhere', 1, 1, [podUse('web', 1, 1)]));
    sink.accept(second(2, [2]));
    sink.take(nodeUse('elsewhere', 2, 2, [podUse('web', 2, 2)]));
    sink.accept(second(3, [2]));
    assert.deepEqual([...kept.pods()], []);
  });
});
