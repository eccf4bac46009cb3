import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { analyse } from '../../../../src/evaluation/switchback/analysis.ts';
import { experimentReport, verdictText } from '../../../../src/evaluation/switchback/report.ts';
import { exp } from '../../../../src/util/portable-math.ts';
import { RandomStream } from '../../../../src/util/rng.ts';
import { planOf, playedPeriods } from '../../../support/played-switchback.ts';

const plan = planOf({ pairs: 8 });

function found(joulesOfA: number, given: Partial<typeof plan> = {}) {
  const random = new RandomStream(3);
  const planned = { ...plan, ...given };
  return analyse(
    planned,
    playedPeriods(planned, (side) => ({
      joules: (side === 'a' ? joulesOfA : 1000) * exp(0.01 * random.normal()),
      work: 10,
    })),
  );
}

describe('the verdict in words', () => {
  test('says by how much of the other the better one uses less, whichever side it stands on', () => {
    const numbers = (text: string) => text.match(/\d+\.\d/g)!.map(Number);
    const a = verdictText(found(900));
    assert.match(a, /^learned uses [\d.]+ % less energy per unit of work than default \(95 % interval/);
    const [percent, low, high] = numbers(a);
    assert(Math.abs(percent! - 10) < 1 && low! < percent! && percent! < high!, a);
    // 25 % more than the other is 20 % less, seen from there.
    const b = verdictText(found(1250));
    assert.match(b, /^default uses [\d.]+ % less energy per unit of work than learned/);
    const [less, least, most] = numbers(b);
    assert(Math.abs(less! - 20) < 1 && least! < less! && less! < most!, b);
  });

  test('says what would have been found where nothing was', () => {
    assert.match(
      verdictText(found(1000, { a: 'default' })),
      /^no difference found between default \(a\) and default \(b\) in 8 pairs of periods: 95 % interval -[\d.]+ to \+[\d.]+ %; a difference of [\d.]+ % would have been found with a chance of 80 %$/,
    );
  });

  test('says why there is none', () => {
    const result = analyse(plan, found(900).periods.slice(0, 4));
    assert.match(verdictText(result), /^no verdict: too few pairs of periods/);
    const report = experimentReport(result);
    assert.match(
      report,
      /^NO VERDICT\n {2}KISIM_E_EXPERIMENT_TOO_FEW: .*2 of 8 pairs\n {4}expected: .*\n {4}to do: /,
    );
  });
});

describe('the report', () => {
  test('has what was measured of both, what to mind, and every period', () => {
    const report = experimentReport(found(900));
    for (const part of [
      /^learned uses/,
      /work: seconds that pods ran, times the CPU they asked for/,
      /energy: played/,
      /a against b: -\d+\.\d+ % \(95 % interval .*\); p below 0\.001 \(paired t\), 0\.0\d+ \(orders drawn otherwise\)/,
      /carry-over: 0\.0 % of the work by pods that the other policy placed, 10\.0 % by pods from before/,
      /drift: [-+]?\d/,
      /^a +learned +8 +\d/m,
      /^ +1 +[ab] +(learned|default) +2027-/m,
    ])
      assert.match(report, part);
    assert.equal(report.match(/^ +\d+ +[ab] +(learned|default)/gm)!.length, 16);
  });

  test('names pairs that are not counted', () => {
    const periods = playedPeriods(plan, (_, index) => ({ joules: index === 3 ? undefined : 1000, work: 10 }));
    assert.match(
      experimentReport(analyse(plan, periods)),
      /not counted:\n {2}2: the energy of n1 is known for 50 % of period 4\n/,
    );
  });

  test('of nothing at all is a report too', () => {
    assert.match(experimentReport(analyse(plan, [])), /NO VERDICT.*energy: none.*nothing to check/s);
  });

  test('names a wash-out that was too short', () => {
    const periods = found(900).periods.map((period) => {
      const [first, second] = period.halves;
      const more = period.side === 'a' ? 1.1 : 1;
      return { ...period, halves: [{ ...first, joules: first.joules! * more }, second] as const };
    });
    assert.match(experimentReport(analyse(plan, periods)), /take a longer wash-out/);
  });
});
