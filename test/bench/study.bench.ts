import { policyByName } from '../../src/policy/registry.ts';
import { simulate } from '../../src/simulation/engine.ts';
import { scenarioByName } from '../../src/simulation/scenarios/scenarios.ts';
import { estimateMean } from '../../src/util/statistics/mean-interval.ts';
import { pairedPercent } from '../../src/util/statistics/paired.ts';
import type { Bench } from './bench.ts';
import { isLeftOut, STUDY_POLICIES, STUDY_ROWS, type StudyRow } from './study-figures.ts';
import { reasonFor } from './study-reasons.ts';

/** Below this a sign is nobody's claim. */
const SMALL_PERCENT = 0.5;
const SIGNS_GOAL = 0.95;
const BASELINE = 'round-robin';
const JOULES_PER_KWH = 3.6e6;

interface Cell {
  readonly scenario: string;
  readonly load: number;
  readonly policy: string;
  readonly study: number;
  readonly ours: number;
  readonly halfWidth: number;
  readonly studyHalfWidth: number;
}

/** Every rule in every scenario of the study, ten paired seeds, held against its table. */
export const studyBench: Bench = {
  name: 'study',
  what: "the earlier study's table of rules and scenarios, made again",
  async run({ quick, seed, progress }) {
    const seeds = Array.from({ length: quick ? 3 : 10 }, (_, i) => seed + i);
    const rows = STUDY_ROWS.filter(([scenario, load]) => !isLeftOut(scenario, load)).filter(
      (_, i) => !quick || i % 6 === 0,
    );
    const cells: Cell[] = [];
    const roundRobin: string[] = [];
    for (const [i, row] of rows.entries()) {
      progress(`${row[0]} at ${row[1]}, row ${i + 1} of ${rows.length}`);
      const { found, kwh } = runRow(row, seeds);
      cells.push(...found);
      roundRobin.push(`${row[0]} ${row[1]}: ${kwh.toFixed(1)} (${row[2]})`);
    }
    const decisive = cells.filter(
      ({ study, studyHalfWidth }) => Math.abs(study) > Math.max(SMALL_PERCENT, studyHalfWidth),
    );
    const sameSign = decisive.filter(({ study, ours }) => Math.sign(study) === Math.sign(ours));
    const inside = cells.filter(isInside);
    return {
      figures: [
        {
          what: "cells with the study's sign, of those where it has one",
          value: sameSign.length / decisive.length,
          unit: 'share',
          goal: SIGNS_GOAL,
          direction: 'at-least',
          control: { what: 'the same for signs drawn by lot', value: 0.5 },
        },
        {
          what: "cells within both intervals of the study's, or with a reason in docs/developer/scenarios.md",
          value: cells.filter((cell) => isInside(cell) || reasonOf(cell) !== undefined).length / cells.length,
          unit: 'share',
          goal: 1,
          direction: 'at-least',
          control: { what: 'within both intervals alone', value: inside.length / cells.length },
        },
      ],
      seeds,
      details: {
        cells: cells.length,
        'cells with a sign': decisive.length,
        'other signs, ours (study)': listed(decisive.filter((cell) => !sameSign.includes(cell))),
        'within both intervals': inside.length,
        'outside, ours (study) and the number of its reason': listed(cells.filter((cell) => !isInside(cell))),
        'kWh of round robin, ours (study)': roundRobin.join('; '),
        'why they differ': 'docs/developer/scenarios.md',
      },
    };
  },
};

function runRow(
  [name, load, , percent, studyHalfWidth]: StudyRow,
  seeds: readonly number[],
): { readonly found: readonly Cell[]; readonly kwh: number } {
  const scenario = scenarioByName(name);
  const joules = new Map<string, number[]>([BASELINE, ...STUDY_POLICIES].map((policy) => [policy, []]));
  for (const seed of seeds) {
    const generated = scenario.generate({ clusterSeed: 0, workloadSeed: seed, load });
    const digests = new Set<string>();
    for (const [policy, energies] of joules) {
      const whole = scenario.sleeps ? `${policy}+awake-first` : policy;
      const result = simulate({ ...generated, policy: policyByName(whole), seed });
      energies.push(result.energyJoules);
      digests.add(result.completedDigest);
    }
    if (digests.size !== 1) throw new Error(`${name} ${load}, seed ${seed}: different work was completed`);
  }
  const base = joules.get(BASELINE)!;
  const found = STUDY_POLICIES.map((policy, i): Cell => {
    const { mean, interval } = estimateMean(pairedPercent(joules.get(policy)!, base));
    return {
      scenario: name,
      load,
      policy,
      study: percent[i]!,
      ours: mean,
      halfWidth: mean - interval!.low,
      studyHalfWidth,
    };
  });
  return { found, kwh: base.reduce((sum, each) => sum + each, 0) / base.length / JOULES_PER_KWH };
}

function reasonOf({ scenario, load, policy, ours, halfWidth, study }: Cell): number | undefined {
  return reasonFor(scenario, load, policy, Math.abs(ours - study) - halfWidth);
}

function isInside({ study, ours, halfWidth, studyHalfWidth }: Cell): boolean {
  return Math.abs(study - ours) <= halfWidth + studyHalfWidth;
}

function listed(cells: readonly Cell[]): string {
  return cells
    .map((cell) => {
      const { scenario, load, policy, ours, halfWidth, study } = cell;
      const reason = isInside(cell) ? 'inside' : (reasonOf(cell) ?? 'none');
      return `${scenario} ${load} ${policy} ${ours.toFixed(1)}±${halfWidth.toFixed(1)} (${study}) [${reason}]`;
    })
    .join('; ');
}
