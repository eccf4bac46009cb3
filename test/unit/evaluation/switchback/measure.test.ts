import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type {
  JournalEvent,
  NodeSample,
  PodRecord,
} from '../../../../src/evaluation/switchback/journal-records.ts';
import { measure, sampleSecondsOf } from '../../../../src/evaluation/switchback/measure.ts';
import { scheduleOf } from '../../../../src/evaluation/switchback/plan.ts';
import { planOf } from '../../../support/played-switchback.ts';

const plan = planOf({ pairs: 6, periodSeconds: 60, washOutSeconds: 10 });
const header = { plan, sampleSeconds: 5 };
const schedule = scheduleOf(plan);

/** A journal, told by seconds. */
class Told {
  readonly events: JournalEvent[] = [{ kind: 'begin', at: 0, alive: [] }];

  sample(at: number, watts: Readonly<Record<string, number | string>>, used?: readonly number[]): this {
    const known = Object.entries(watts).filter(([, value]) => typeof value === 'number');
    const missing = Object.entries(watts).filter(([, value]) => typeof value === 'string');
    this.events.push({
      kind: 'sample',
      at: at * 1000,
      nodes: Object.fromEntries(
        known.map(([node, value]): [string, NodeSample] => [
          node,
          [Number(value) * at, at * 1000, 'metered'],
        ]),
      ),
      missing: Object.fromEntries(missing.map(([node, why]) => [node, String(why)])),
      ...(used === undefined ? {} : { used: used as [number, number, number, number] }),
    });
    return this;
  }

  samples(from: number, to: number, watts: Readonly<Record<string, number | string>>): this {
    for (let at = from; at <= to; at += 5) this.sample(at, watts);
    return this;
  }

  period(index: number, at: number): this {
    const { side, policy } = schedule[index]!;
    this.events.push({ kind: 'period', at: at * 1000, index, side, policy });
    return this;
  }

  end(index: number, at: number): this {
    this.events.push({ kind: 'end', at: at * 1000, index });
    return this;
  }

  begin(at: number, ...alive: string[]): this {
    this.events.push({ kind: 'begin', at: at * 1000, alive });
    return this;
  }

  pod(at: number, uid: string, step: Record<string, unknown>): this {
    this.events.push({ kind: 'pod', at: at * 1000, uid, ...step } as unknown as PodRecord);
    return this;
  }

  seen(at: number, uid: string, given: Record<string, unknown> = {}): this {
    const usual = { name: uid, namespace: 'team', cpuMilli: 500, counts: true, gated: true, isNew: true };
    return this.pod(at, uid, { what: 'seen', ...usual, ...given });
  }

  runs(from: number, to: number, uid: string, given: Record<string, unknown> = {}): this {
    return this.seen(from, uid, given)
      .pod(from, uid, { what: 'bound', node: 'n1', isNew: true })
      .pod(from, uid, { what: 'started', isNew: true })
      .pod(to, uid, { what: 'ended', how: 'completed' });
  }

  get measured() {
    // As they would have been written.
    const events = this.events
      .map((event, i) => ({ event, i }))
      .sort((one, other) => one.event.at - other.event.at || one.i - other.i);
    return measure(
      header,
      events.map(({ event }) => event),
    );
  }
}

function onePeriod(told: Told) {
  return told.measured.periods[0]!;
}

describe('energy', () => {
  test('of the window alone, over all nodes, without the wash-out', () => {
    const period = onePeriod(new Told().samples(0, 60, { n1: 100, n2: 50 }).period(0, 0).end(0, 60));
    assert.deepEqual(period.whole.joules, 50 * 150);
    assert.deepEqual(
      period.halves.map(({ joules }) => joules),
      [25 * 150, 25 * 150],
    );
    assert.deepEqual([period.fromUnixMilliseconds, period.toUnixMilliseconds], [10_000, 60_000]);
    assert.deepEqual([period.nodes, period.sources], [2, ['metered']]);
  });

  test('is taken between readings where a window begins between them', () => {
    const told = new Told().samples(0, 75, { n1: 100 }).period(0, 3).end(0, 63);
    assert.deepEqual(onePeriod(told).whole.joules, 5000);
  });

  test('is unknown where a node is missing for long, and says which', () => {
    const told = new Told()
      .samples(0, 30, { n1: 100, n2: 50 })
      .samples(35, 40, { n1: 100, n2: 'no answer' })
      .samples(45, 60, { n1: 100, n2: 50 });
    const { whole } = onePeriod(told.period(0, 0).end(0, 60));
    // From 30 to 45 s of the window from 10 to 60 s.
    assert.deepEqual(whole, { ...whole, joules: undefined, knownShare: 0.7, leastKnown: 'n2' });
  });

  test('of a short hole is taken to be like the rest', () => {
    const told = new Told();
    for (let at = 0; at <= 60; at++) told.sample(at, { n1: 100, n2: at === 30 ? 'no answer' : 50 });
    const { whole } = onePeriod(told.period(0, 0).end(0, 60));
    assert.equal(whole.knownShare, 48 / 50);
    assert(Math.abs(whole.joules! - 50 * 150) < 1e-6);
  });

  test('is unknown where nothing was read for long', () => {
    const told = new Told().samples(0, 20, { n1: 100 }).samples(45, 60, { n1: 100 });
    assert.equal(onePeriod(told.period(0, 0).end(0, 60)).whole.joules, undefined);
  });

  test('is unknown without any node', () => {
    assert.equal(onePeriod(new Told().samples(0, 60, {}).period(0, 0).end(0, 60)).whole.joules, undefined);
  });

  test('of a node that came is counted from there on', () => {
    const told = new Told().samples(0, 30, { n1: 100 }).samples(35, 60, { n1: 100, n2: 50 });
    const { whole } = onePeriod(told.period(0, 0).end(0, 60));
    assert.deepEqual(whole.joules, 5000 + 25 * 50);
  });

  test('of a counter that fell or that changed its source is unknown there', () => {
    const told = new Told().samples(0, 60, { n1: 100 }).period(0, 0).end(0, 60);
    const at = told.events.findIndex((event) => event.kind === 'sample' && event.at === 30_000);
    told.events[at] = { kind: 'sample', at: 30_000, nodes: { n1: [1, 30_000, 'metered'] }, missing: {} };
    assert.equal(onePeriod(told).whole.joules, undefined);
    told.events[at] = { kind: 'sample', at: 30_000, nodes: { n1: [3000, 30_000, 'modelled'] }, missing: {} };
    assert.equal(onePeriod(told).whole.joules, undefined);
  });

  test('that its source counts at its own pace is read as of its own times', () => {
    const told = new Told().period(0, 0).end(0, 60);
    for (let at = 0; at <= 65; at += 5) {
      const asOf = Math.floor(at / 10) * 10;
      const nodes = { n1: [100 * asOf, asOf * 1000, 'prometheus'] as const };
      told.events.push({ kind: 'sample', at: at * 1000, nodes, missing: {} });
    }
    assert.equal(onePeriod(told).whole.joules, 5000);
  });
});

describe('work', () => {
  const powered = () => new Told().samples(0, 180, { n1: 100 });
  const [a, b] = schedule[0]!.side === 'a' ? [0, 1] : [1, 0];

  test('is the CPU that running pods asked for, within the window', () => {
    const told = powered().runs(0, 20, 'before-and-in').runs(30, 50, 'in').runs(55, 90, 'over-its-end');
    const { requested } = onePeriod(told.period(0, 0).end(0, 60)).whole;
    assert.equal(requested.total, 0.5 * (10 + 20 + 5));
    assert.equal(requested.other, 0);
  });

  test('that the other side placed is told apart, as is what was there before and what was never handed over', () => {
    const told = powered()
      .seen(0, 'old', { isNew: false })
      .pod(0, 'old', { what: 'bound', node: 'n1', isNew: false })
      .pod(0, 'old', { what: 'started', isNew: false })
      .period(0, 0)
      .runs(20, 120, 'placed-by-the-first')
      .end(0, 60)
      .period(1, 60)
      .runs(65, 120, 'placed-by-the-second')
      .runs(65, 120, 'stranger', { gated: false })
      .runs(65, 120, 'of-each-node', { counts: false })
      .end(1, 120);
    const { requested } = told.measured.periods[1]!.whole;
    assert.deepEqual(requested, { total: 100, other: 25, before: 25, untouched: 25 });
  });

  test('of a pod that ended before anything told of its start is counted from its binding', () => {
    const told = powered()
      .seen(20, 'quick')
      .pod(21, 'quick', { what: 'bound', node: 'n1', isNew: true })
      .pod(25, 'quick', { what: 'ended', how: 'completed' })
      .seen(20, 'bound-alone')
      .pod(21, 'bound-alone', { what: 'bound', node: 'n1', isNew: true });
    assert.equal(onePeriod(told.period(0, 0).end(0, 60)).whole.requested.total, 2);
  });

  test('is what was used, where that is known all through the window', () => {
    const used = (hole: boolean) => {
      const told = new Told();
      for (let at = 0; at <= 60; at += 5)
        told.sample(at, { n1: 100 }, hole && at === 30 ? undefined : [at, 2 * at, 3 * at, 4 * at]);
      return onePeriod(told.period(a, 0).end(a, 60)).whole.used;
    };
    assert.deepEqual(used(false), { total: 500, other: 100, before: 150, untouched: 200 });
    assert.equal(used(true), undefined);
    assert.notEqual(a, b);
  });
});

describe('pods', () => {
  test('wait from their creation to a node and from there to their start, in the period they came in', () => {
    const told = new Told()
      .samples(0, 120, { n1: 1 })
      .period(0, 0)
      .seen(5, 'in-the-wash-out')
      .pod(6, 'in-the-wash-out', { what: 'bound', node: 'n1', isNew: true })
      .seen(55, 'late')
      .end(0, 60)
      .period(1, 60)
      .pod(62, 'late', { what: 'bound', node: 'n1', isNew: true })
      .pod(65, 'late', { what: 'started', isNew: true })
      .end(1, 120);
    const [first, second] = told.measured.periods;
    assert.deepEqual([first!.boundAfterSeconds, first!.startedAfterSeconds], [[7], [3]]);
    assert.deepEqual([second!.boundAfterSeconds, second!.startedAfterSeconds], [[], []]);
  });

  test('that were bound before they were seen have no wait', () => {
    const told = new Told()
      .samples(0, 60, { n1: 1 })
      .seen(20, 'found', { isNew: false })
      .pod(20, 'found', { what: 'bound', node: 'n1', isNew: false });
    assert.deepEqual(onePeriod(told.period(0, 0).end(0, 60)).boundAfterSeconds, []);
  });

  test('are counted by what became of them', () => {
    const told = new Told()
      .samples(0, 60, { n1: 1 })
      .runs(20, 30, 'done')
      .seen(20, 'thrown-out')
      .pod(40, 'thrown-out', { what: 'ended', how: 'evicted' })
      .seen(20, 'deleted')
      .pod(40, 'deleted', { what: 'ended', how: 'deleted' })
      .seen(20, 'restarts')
      .pod(40, 'restarts', { what: 'restarted', times: 2 })
      .pod(50, 'restarts', { what: 'restarted', times: 1 });
    assert.deepEqual(onePeriod(told.period(0, 0).end(0, 60)).pods, {
      created: 4,
      completed: 1,
      failed: 0,
      evicted: 1,
      restarts: 3,
    });
  });
});

describe('what was interrupted', () => {
  const powered = () => new Told().samples(0, 600, { n1: 100 });
  const indices = (told: Told) => told.measured.periods.map(({ index }) => index);

  test('takes its pair with it, which is begun again', () => {
    const told = powered().period(0, 0).end(0, 60).period(1, 60);
    told.events.push({ kind: 'broken', at: 90_000, index: 1, why: 'paused' });
    assert.deepEqual([indices(told), told.measured.nextPair], [[], 0]);
    told.period(0, 200).end(0, 260).period(1, 260).end(1, 320).period(2, 320);
    assert.deepEqual([indices(told), told.measured.nextPair], [[0, 1], 1]);
    assert.equal(told.measured.periods[0]!.fromUnixMilliseconds, 210_000);
  });

  test('by a kill, in a period or between the two of a pair, is begun again too', () => {
    const inPeriod = powered().period(0, 0).end(0, 60).period(1, 60).begin(90);
    assert.deepEqual([indices(inPeriod), inPeriod.measured.nextPair], [[], 0]);
    const between = powered().period(0, 0).end(0, 60).begin(90);
    assert.deepEqual([indices(between), between.measured.nextPair], [[], 0]);
    const after = powered().period(0, 0).end(0, 60).period(1, 60).end(1, 120).begin(150);
    assert.deepEqual([indices(after), after.measured.nextPair], [[0, 1], 1]);
  });

  test('leaves no energy between two lives of the program', () => {
    const told = new Told()
      .samples(0, 30, { n1: 100 })
      .begin(31)
      .samples(35, 200, { n1: 100 })
      .period(0, 35)
      .end(0, 95);
    assert.equal(onePeriod(told).whole.joules, 5000);
    assert.equal(onePeriod(told).whole.knownShare, 1);
  });

  test('ends pods that are gone when it goes on, and pods that came meanwhile were placed by nobody', () => {
    const told = new Told()
      .samples(0, 300, { n1: 100 })
      .period(0, 0)
      .seen(20, 'gone')
      .pod(20, 'gone', { what: 'bound', node: 'n1', isNew: true })
      .pod(20, 'gone', { what: 'started', isNew: true })
      .begin(100, 'came')
      .seen(100, 'came', { isNew: false })
      .pod(100, 'came', { what: 'bound', node: 'n1', isNew: false })
      .pod(100, 'came', { what: 'started', isNew: false })
      .period(0, 100)
      .end(0, 160);
    assert.deepEqual(onePeriod(told).whole.requested, { total: 25, other: 0, before: 25, untouched: 0 });
  });
});

test('decisions of the window are counted by who made them', () => {
  const told = new Told().samples(0, 60, { n1: 1 }).period(0, 0).end(0, 60);
  const decision = { kind: 'decision', uid: 'u', policy: 'p', node: undefined, reason: undefined } as const;
  for (const [at, by] of [
    [5, 'freed'],
    [20, 'own'],
    [30, 'own'],
    [40, 'fell-back'],
    [50, 'freed'],
  ] as const)
    told.events.push({ ...decision, at: at * 1000, by });
  assert.deepEqual(onePeriod(told).decisions, { own: 2, fellBack: 1, freed: 1 });
});

test('counters are read sixty times in a window, within reason', () => {
  assert.equal(sampleSecondsOf(planOf()), 25);
  assert.equal(sampleSecondsOf(planOf({ periodSeconds: 10, washOutSeconds: 2 })), 1);
  assert.equal(sampleSecondsOf(planOf({ periodSeconds: 86_400 })), 60);
});
