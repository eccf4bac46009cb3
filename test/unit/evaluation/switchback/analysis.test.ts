import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { analyse } from '../../../../src/evaluation/switchback/analysis.ts';
import type { PeriodMeasurement } from '../../../../src/evaluation/switchback/period.ts';
import { ordersOf, type Side } from '../../../../src/evaluation/switchback/plan.ts';
import { exp } from '../../../../src/util/portable-math.ts';
import { RandomStream } from '../../../../src/util/rng.ts';
import { type PlayedPeriod, planOf, playedPeriods } from '../../../support/played-switchback.ts';

const plan = planOf({ pairs: 10 });

/** A little noise, so that intervals have a width. */
function noisy(play: (side: Side, index: number) => PlayedPeriod, given: Partial<PeriodMeasurement> = {}) {
  const random = new RandomStream(9);
  return playedPeriods(
    plan,
    (side, index) => {
      const { joules, ...others } = play(side, index);
      return { ...others, joules: joules === undefined ? undefined : joules * exp(0.01 * random.normal()) };
    },
    given,
  );
}

const equal = () => ({ joules: 1000, work: 10 });

function codesOf(periods: readonly PeriodMeasurement[]): string[] {
  const { verdict } = analyse(plan, periods);
  return verdict.kind === 'refused'
    ? verdict.refusals.map(({ code }) => code.slice('KISIM_E_EXPERIMENT_'.length))
    : [];
}

describe('the verdict', () => {
  test('names the side that uses less per unit of work', () => {
    const result = analyse(
      plan,
      noisy((side) => ({ joules: side === 'a' ? 900 : 1000, work: 10 })),
    );
    assert.deepEqual(result.verdict, { kind: 'difference', less: 'a' });
    assert(Math.abs(result.difference.percent + 10) < 1);
    assert(result.difference.interval!.low < -10 && result.difference.interval!.high > -11);
    const [a, b] = result.sides;
    assert.deepEqual([a!.policy, b!.policy, a!.periods], ['learned', 'default', 10]);
    assert(Math.abs(a!.joulesPerWork - 90) < 1 && Math.abs(b!.joulesPerWork - 100) < 1);
  });

  test('counts work, not energy alone', () => {
    const result = analyse(
      plan,
      noisy((side) => (side === 'a' ? { joules: 1050, work: 10.5 } : { joules: 1000, work: 10 })),
    );
    assert.equal(result.verdict.kind, 'none');
    assert(Math.abs(result.difference.percent) < 1);
  });

  test('is none where nothing is found, and tells what would have been', () => {
    const result = analyse(plan, noisy(equal));
    assert.equal(result.verdict.kind, 'none');
    assert(result.findablePercent! > 0.3 && result.findablePercent! < 3, `${result.findablePercent}`);
  });

  test('needs both tests: a t test alone calls none', () => {
    const few = planOf({ pairs: 6 });
    const less = [0.1, 0.11, 0.09, 0.1, 0.12, -0.005];
    const result = analyse(
      few,
      playedPeriods(few, (side, index) => ({
        joules: 1000 * exp(side === 'a' ? -less[index >> 1]! : 0),
        work: 10,
      })),
    );
    assert(result.difference.p! < 0.01);
    // The last pair might as well have been the other way round.
    assert.equal(result.difference.randomisationP, 4 / 50);
    assert.equal(result.verdict.kind, 'none');
  });
});

describe('a verdict is refused', () => {
  test('with five pairs', () => {
    assert.deepEqual(codesOf(noisy(equal).slice(0, 11)), ['TOO_FEW']);
    assert.deepEqual(codesOf(noisy(equal).slice(0, 12)), []);
  });

  test('where the energy of more than a fifth of the pairs is missing, not where less is', () => {
    const without = (pairs: number) =>
      noisy((_, index) => ({ joules: index % 2 === 0 && index < 2 * pairs ? undefined : 1000, work: 10 }));
    assert.deepEqual(codesOf(without(3)), ['ENERGY_MISSING']);
    assert.deepEqual(codesOf(without(2)), []);
    assert.equal(analyse(plan, without(2)).pairs, 8);
    assert.match(analyse(plan, without(2)).dropped[0]!.says, /energy of n1 is known for 50 % of period 1/);
  });

  test('where a fifth of the work was placed by the other side', () => {
    assert.deepEqual(codesOf(noisy(() => ({ ...equal(), other: 0.25 }))), ['CARRY_OVER']);
    assert.deepEqual(codesOf(noisy(() => ({ ...equal(), other: 0.15 }))), []);
  });

  test('where the work differs by more than a tenth, either way', () => {
    const more = (of: Side, work: number) =>
      noisy((side) => ({ joules: 1000, work: side === of ? work : 10 }));
    assert.deepEqual(codesOf(more('a', 11.5)), ['WORK_DIFFERS']);
    assert.deepEqual(codesOf(more('b', 11.5)), ['WORK_DIFFERS']);
    assert.deepEqual(codesOf(more('a', 10.8)), []);
  });

  test('where a policy did not decide itself, or had no pods to decide on', () => {
    const decided = (own: number, fellBack: number, freed: number) =>
      noisy(equal, { decisions: { own, fellBack, freed } });
    assert.deepEqual(codesOf(decided(8, 1, 1)), ['NOT_DECIDED', 'NOT_DECIDED']);
    assert.deepEqual(codesOf(decided(0, 0, 0)), ['NOT_DECIDED', 'NOT_DECIDED']);
    assert.deepEqual(codesOf(decided(95, 3, 2)), []);
  });

  test('for all reasons at once', () => {
    const periods = noisy((side) => ({ joules: 1000, work: side === 'a' ? 12 : 10, other: 0.5 })).slice(0, 8);
    assert.deepEqual(codesOf(periods), ['TOO_FEW', 'CARRY_OVER', 'WORK_DIFFERS']);
  });

  test('and nothing at all is measured without an error', () => {
    assert.deepEqual(codesOf([]), ['TOO_FEW']);
  });
});

describe('what is measured beside the difference', () => {
  test('energy at equal work, where idle power makes light load dear', () => {
    const random = new RandomStream(4);
    const many = planOf({ pairs: 20 });
    const result = analyse(
      many,
      playedPeriods(many, (side) => {
        const work = 10 * exp(0.1 * random.normal());
        const idle = 800 + 20 * work;
        return { joules: idle * (side === 'a' ? 0.95 : 1) * exp(0.002 * random.normal()), work };
      }),
    );
    const { percent, interval } = result.atEqualWork!;
    assert(Math.abs(percent + 5) < 0.3, `${percent}`);
    const width = (of: { low: number; high: number }) => of.high - of.low;
    assert(width(interval!) < width(result.difference.interval!) / 5);
  });

  test('a trend within pairs, a drift over all of them', () => {
    const { order, drift } = analyse(
      plan,
      noisy((_, index) => ({ joules: 1000 * exp(0.05 * (index % 2) + 0.02 * index), work: 10 })),
    ).checks!;
    assert(Math.abs(order!.percent - 7) < 1.5 && order!.p! < 0.01, `${order!.percent}`);
    // Two half hours to each hour.
    assert(Math.abs(drift!.percentPerHour - 4) < 1.5 && drift!.p < 0.01, `${drift!.percentPerHour}`);
  });

  test('a difference that grows within the windows', () => {
    const periods = noisy(equal).map((period) => {
      const [first, second] = period.halves;
      const less = (half: typeof first, factor: number) => ({ ...half, joules: half.joules! * factor });
      const shares = period.side === 'a' ? [0.98, 0.9] : [1, 1];
      return { ...period, halves: [less(first, shares[0]!), less(second, shares[1]!)] as const };
    });
    const growth = analyse(plan, periods).checks!.growth!;
    assert(growth.p! < 0.01);
    assert(Math.abs(growth.firstHalfPercent + 2) < 1 && Math.abs(growth.secondHalfPercent + 10) < 1);
  });

  test('waits of either side and their difference', () => {
    const periods = noisy(equal).map((period) => ({
      ...period,
      boundAfterSeconds: period.side === 'a' ? [0.3, 0.5] : [0.1],
      startedAfterSeconds: [],
    }));
    const { sides, waits } = analyse(plan, periods);
    assert.deepEqual(sides[0]!.bound.count, 20);
    assert(Math.abs(sides[0]!.bound.meanSeconds! - 0.4) < 1e-9);
    assert.equal(sides[0]!.started.meanSeconds, undefined);
    assert(Math.abs(waits.bound!.mean - 0.3) < 1e-9);
    assert.equal(waits.started, undefined);
  });

  test('used CPU counts where it is known of every period, requests otherwise', () => {
    const used = noisy(equal).map(
      (period): PeriodMeasurement => ({
        ...period,
        whole: { ...period.whole, used: { total: 4, other: 0, before: 0, untouched: 0 } },
      }),
    );
    assert.equal(analyse(plan, used).workKind, 'used');
    assert.equal(analyse(plan, used).sides[0]!.work, 40);
    const one = { ...used[3]!, whole: { ...used[3]!.whole, used: undefined } };
    assert.equal(analyse(plan, used.with(3, one)).workKind, 'requested');
  });
});

test('the same journal gives the same figures, whatever the order of its periods', () => {
  const periods = noisy((side) => ({ joules: side === 'a' ? 950 : 1000, work: 10 }));
  const { periods: _, ...one } = analyse(plan, periods);
  const { periods: __, ...other } = analyse(plan, [...periods].reverse());
  assert.deepEqual(one, other);
  assert.equal(ordersOf(plan).length, 10);
});
