import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoggedRecord, PairingRecord, RunRecord } from '../../../src/evaluation/records.ts';
import { WAIT_EDGES } from '../../../src/evaluation/records.ts';
import type { Suite } from '../../../src/evaluation/suite.ts';
import { cellName, OFFLINE, pairingsOf, policiesOf } from '../../../src/evaluation/suite.ts';
import { summarise } from '../../../src/evaluation/summarise.ts';
import { RandomStream } from '../../../src/util/rng.ts';

const suite: Suite = {
  name: 'test',
  cells: [
    { scenario: 'plain', load: 0.5, control: false, policies: [] },
    { scenario: 'flat', load: 0.5, control: true, policies: [] },
  ],
  policies: ['base', 'a', 'b', 'portfolio'],
  baseline: 'base',
  clusters: 3,
  seeds: 2,
  seed: 1,
  offline: true,
};

const KWH = 3.6e6;

/** kWh of a run; the second seed of a cluster uses as much again. */
type Energies = Readonly<Record<string, readonly number[]>>;

function records(plain: Energies, flat: Energies, change: (run: RunRecord) => RunRecord = (run) => run) {
  return pairingsOf(suite).flatMap((pairing): LoggedRecord[] => {
    const cell = cellName(suite.cells[pairing.cell]!);
    const place = { cell, cluster: pairing.cluster, seed: pairing.seed };
    const described = {
      kind: 'pairing',
      ...place,
      clusterSeed: 1,
      workloadSeed: 2,
      sleeps: false,
      pods: 10,
      types: [],
    };
    const runs = policiesOf(suite, pairing.cell).map((policy): LoggedRecord => {
      const kwh = (pairing.cell === 0 ? plain : flat)[policy]![pairing.cluster]!;
      if (policy === OFFLINE) {
        const nothing = { reason: null, startedFrom: 'b', startJoules: 0, moves: 1, accepted: 1 };
        return { kind: 'offline', ...place, policy, energyJoules: kwh * KWH, ...nothing };
      }
      const waits = new Array<number>(WAIT_EDGES.length + 1).fill(0);
      waits[0] = 100;
      const figures = { energyJoules: kwh * KWH, activeJoules: kwh * KWH, idleJoules: 0, sleepJoules: 0 };
      const rest = { wakeJoules: 0, gpuJoules: 0, wakes: 0, placed: 100, completed: 100, dropped: 0 };
      const times = { meanWaitSeconds: 1, p95WaitSeconds: 2, longestWaitSeconds: 3, waits, meanStretch: 1 };
      const last = { sloMisses: 0, digest: 'd', decisions: 1, workCoreSeconds: 1 };
      const run = { kind: 'run', ...place, policy, ranAs: policy, ...figures, ...rest, ...times, ...last };
      return change(run as RunRecord);
    });
    return [described as unknown as PairingRecord, ...runs];
  });
}

const plain = {
  base: [10, 20, 40],
  a: [9, 19, 41],
  b: [8, 21, 38],
  portfolio: [7, 18, 37],
  offline: [6, 15, 30],
};
const flat = { base: [10, 20, 40], a: [10, 20, 40], b: [10.1, 19.9, 40], portfolio: [10, 20, 40] };
const input = { suite, version: '1', hardware: undefined };

test('percent is taken on each cluster, then averaged over clusters', () => {
  const { cells } = summarise({ ...input, records: records(plain, flat) });
  const a = cells[0]!.policies.find(({ policy }) => policy === 'a')!;
  const expected = [-10, -5, 2.5];
  expected.forEach((each, i) => {
    assert.ok(Math.abs(a.percentByCluster[i]! - each) < 1e-9);
  });
  assert.ok(Math.abs(a.percent.mean - -12.5 / 3) < 1e-9);
  // Student's t of 2 degrees, 4.302653, times the standard error of -10, -5, 2.5.
  const deviation = Math.sqrt(expected.reduce((sum, x) => sum + (x + 12.5 / 3) ** 2, 0) / 2);
  const half = (4.302652729696142 * deviation) / Math.sqrt(3);
  assert.ok(Math.abs(a.percent.interval!.high - (-12.5 / 3 + half)) < 1e-9);
  assert.deepEqual(a.kwhByCluster, [18, 38, 82]);
  assert.equal(a.kwh, 23);
  assert.equal(a.worst.cluster, 2);
  assert.equal(a.improvement.mean, 2 / 3);
});

test('the best single rule is one rule, the hindsight best one for each cluster; choosers are neither', () => {
  const [cell] = summarise({ ...input, records: records(plain, flat) }).cells;
  assert.equal(cell!.bestSingle!.policy, 'b');
  assert.deepEqual(cell!.hindsight!.policies, ['b', 'a', 'b']);
  assert.ok(Math.abs(cell!.hindsight!.percent.mean - (-20 - 5 - 5) / 3) < 1e-9);
  const b = cell!.policies.find(({ policy }) => policy === 'b')!;
  assert.equal(b.againstBestSingle!.mean, 0);
  assert.ok(b.againstHindsight!.mean > 3);
});

test('the offline solution is a column of its own, and tells how much of the headroom a policy takes', () => {
  const [cell] = summarise({ ...input, records: records(plain, flat) }).cells;
  assert.deepEqual(
    cell!.policies.map(({ policy }) => policy),
    ['base', 'a', 'b', 'portfolio'],
  );
  assert.ok(Math.abs(cell!.offline!.percent!.mean - (-40 - 25 - 25) / 3) < 1e-9);
  const by = (name: string) => cell!.policies.find(({ policy }) => policy === name)!;
  // b: (-20 + 5 - 5) / 3; portfolio: (-30 - 10 - 7.5) / 3; offline: -30.
  const expected = (100 * (-20 / 3 + 47.5 / 3)) / (-20 / 3 + 30);
  assert.ok(Math.abs(by('portfolio').headroomCaptured! - expected) < 1e-9);
  assert.equal(by('b').headroomCaptured, 0);
});

test('a control holds where every interval has zero in it, and not where one has not', () => {
  const held = summarise({ ...input, records: records(plain, flat) });
  assert.equal(held.cells[1]!.controlHolds, true);
  assert.equal(held.controls.holds, true);
  assert.equal(held.cells[1]!.bestSingle, null);
  const off = { ...flat, a: [10.1, 20.2, 40.4001] };
  const broken = summarise({ ...input, records: records(plain, off) });
  assert.equal(broken.cells[1]!.controlHolds, false);
  assert.equal(broken.controls.holds, false);
});

test('what rounding does is no reading of a control', () => {
  const rounded = { ...flat, a: [10 * (1 + 1e-12), 20 * (1 + 1e-12), 40 * (1 + 2e-12)] };
  assert.equal(summarise({ ...input, records: records(plain, rounded) }).controls.holds, true);
});

test('a policy that misses many more objectives is flagged and never the best', () => {
  const late = (run: RunRecord) => (run.policy === 'b' ? { ...run, sloMisses: 2 } : run);
  const [cell] = summarise({ ...input, records: records(plain, flat, late) }).cells;
  const b = cell!.policies.find(({ policy }) => policy === 'b')!;
  assert.equal(b.sloMissShare, 0.02);
  assert.equal(b.sloFlag, true);
  assert.equal(cell!.bestSingle!.policy, 'a');
  assert.ok(!cell!.hindsight!.policies.includes('b'));
  const few = (run: RunRecord) => (run.policy === 'b' ? { ...run, sloMisses: 1 } : run);
  const [other] = summarise({ ...input, records: records(plain, flat, few) }).cells;
  assert.equal(other!.policies.find(({ policy }) => policy === 'b')!.sloFlag, false);
});

test('where every rule is flagged against a chooser, the chooser itself is called the best', () => {
  const late = (run: RunRecord) => (run.policy === 'portfolio' ? run : { ...run, sloMisses: 9 });
  const chooser = { ...suite, baseline: 'portfolio' };
  const [cell] = summarise({ ...input, suite: chooser, records: records(plain, flat, late) }).cells;
  assert.equal(cell!.bestSingle!.policy, 'portfolio');
});

test('all comparisons outside the controls are one family', () => {
  const results = summarise({ ...input, records: records(plain, flat) });
  assert.equal(results.multiplicity.comparisons, 3);
  const [cell, control] = results.cells;
  for (const { policy, p, holm } of cell!.policies)
    if (policy === 'base') assert.equal(holm, null);
    else assert.ok(holm! >= p!);
  for (const { holm } of control!.policies) assert.equal(holm, null);
});

test('overall figures take the clusters as units, over all cells that are no control', () => {
  const { overall } = summarise({ ...input, records: records(plain, flat) });
  assert.deepEqual(
    overall.map(({ policy }) => policy),
    ['a', 'b', 'portfolio'],
  );
  assert.ok(Math.abs(overall[0]!.percent.mean - -12.5 / 3) < 1e-9);
  assert.equal(overall[0]!.worst.cell, 'plain 50 %');
  assert.ok(Math.abs(overall[0]!.worst.percent - 2.5) < 1e-9);
});

test('machines that stand in several clusters are counted', () => {
  const models = [['a', 'b'], ['b', 'c'], ['d']];
  const all = records(plain, flat).map((record) =>
    record.kind === 'pairing'
      ? {
          ...record,
          types: models[record.cluster]!.map((model) => ({
            model,
            count: 1,
            cpuMilli: 1000,
            memoryBytes: 1,
            idleWatts: null,
            fullWatts: null,
          })),
        }
      : record,
  );
  assert.deepEqual(summarise({ ...input, records: all }).machineModels, { distinct: 4, shared: 1 });
  assert.deepEqual(summarise({ ...input, records: records(plain, flat) }).machineModels, {
    distinct: 0,
    shared: 0,
  });
});

test('one cluster gives means without intervals', () => {
  const one = { ...suite, clusters: 1 };
  const { cells, multiplicity } = summarise({ ...input, suite: one, records: records(plain, flat) });
  const a = cells[0]!.policies.find(({ policy }) => policy === 'a')!;
  assert.equal(a.percent.interval, null);
  assert.equal(a.bca, null);
  assert.equal(a.p, null);
  assert.equal(multiplicity.comparisons, 0);
});

test('the order of the records does not matter', () => {
  const all = records(plain, flat);
  const shuffled = new RandomStream(3).shuffle([...all]);
  assert.equal(
    JSON.stringify(summarise({ ...input, records: shuffled })),
    JSON.stringify(summarise({ ...input, records: all })),
  );
});

test('a missing run is told, not guessed', () => {
  const all = records(plain, flat).filter((record) => record.kind !== 'offline' || record.cluster !== 1);
  assert.throws(() => summarise({ ...input, records: all }), /no record of offline on plain 50 %/);
});
