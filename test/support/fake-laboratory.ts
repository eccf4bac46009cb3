import type { OpenLaboratory } from '../../src/evaluation/laboratory.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { LinearCurve } from '../../src/power-model/linear-curve.ts';
import type { SimulationResult } from '../../src/simulation/simulation.ts';
import { KisimError } from '../../src/util/errors.ts';
import { RandomStream } from '../../src/util/rng.ts';

/** Energy of a policy over that of `base`, on average; each cluster and workload moves it a little. */
const shares: Readonly<Record<string, number>> = {
  base: 1,
  saving: 0.8,
  'saving+awake-first': 0.75,
  'base+awake-first': 0.95,
  wasting: 1.1,
  'wasting+awake-first': 1.1,
  'late+awake-first': 0.7,
  late: 0.7,
  dropping: 0.5,
  'dropping+awake-first': 0.5,
  failing: 1,
};

function unknownPolicy(name: string): KisimError {
  const template = { summary: 'no such policy', expected: 'another', action: 'name another' };
  return new KisimError('KISIM_E_TEST', template, name);
}

/**
 * A laboratory without an engine, in the place of the real one: what a policy saves is written above. `flat` costs every
 * policy the same, `asleep` has nodes that sleep.
 */
export const openLaboratory: OpenLaboratory = () => ({
  checkScenario(name) {
    if (!['plain', 'asleep', 'flat'].includes(name)) throw new Error(`no scenario ${name}`);
  },
  checkPolicy(name) {
    if (name === 'unknown') throw unknownPolicy(name);
  },
  situation: ({ scenario, clusterSeed, workloadSeed, load }) => {
    const random = new RandomStream(clusterSeed);
    const sleep = { sleepWatts: 9, emptySeconds: 300, wakeSeconds: 120, wakeWatts: 100 };
    return {
      nodes: Array.from({ length: 2 + random.integer(4) }, (_, i) => ({
        name: `node-${i}`,
        labels: { scenario, draw: String(workloadSeed) },
        cpuMilli: 64_000,
        memoryBytes: 2 ** 38,
        pods: 100,
        power: new LinearCurve(100, 300, 'synthetic'),
        ...(scenario === 'asleep' ? { sleep } : {}),
      })),
      workload: { items: [], windowSeconds: 1000 * load },
      options: {
        tickSeconds: 60,
        reconsider: 'tick',
        unplaced: 'queue',
        seriesSeconds: 0,
        sloSeconds: 600,
      },
    };
  },
  policy(name): Policy {
    if (name === 'unknown') throw unknownPolicy(name);
    return {
      name,
      start() {
        throw new Error('the fake engine starts no policy');
      },
    };
  },
  anneal(situation, { policy, seed }) {
    if (situation.nodes.length === 5) {
      const template = { summary: 'pods have to queue', expected: 'room', action: 'lower the load' };
      throw new KisimError('KISIM_E_OFFLINE_QUEUES', template, policy.name);
    }
    const startJoules = this.simulate({ ...situation, policy, seed }).energyJoules;
    return { joules: startJoules * 0.9, startJoules, moves: 10, accepted: 5 };
  },
  simulate({ nodes, workload, policy, options }): SimulationResult {
    if (policy.name.startsWith('failing')) throw new RangeError('fell over');
    const { scenario, draw } = nodes[0]!.labels;
    const noise = new RandomStream(Number(draw)).fork(policy.name).uniform(-0.01, 0.01);
    const share = scenario === 'flat' ? 1 : (shares[policy.name] ?? 1) + noise;
    const energyJoules = 3.6e6 * nodes.length * share;
    const waits = Float64Array.from({ length: 100 }, (_, i) =>
      policy.name.startsWith('late') ? 50 * i : i / 50,
    );
    const points = options.seriesSeconds > 0 ? 10 : 0;
    const seconds = Array.from({ length: points }, (_, i) => (i * workload.windowSeconds) / points);
    return {
      policy: policy.name,
      energyJoules,
      activeJoules: energyJoules / 2,
      idleJoules: energyJoules / 2,
      sleepJoules: 0,
      wakeJoules: 0,
      gpuJoules: 0,
      energyByNode: nodes.map(() => energyJoules / nodes.length),
      wakes: 0,
      placed: 100,
      completed: policy.name.startsWith('dropping') ? 99 : 100,
      dropped: policy.name.startsWith('dropping') ? 1 : 0,
      workCoreSeconds: 1000,
      completedDigest: policy.name.startsWith('dropping') ? 'other' : 'same',
      waits,
      meanWaitSeconds: waits.reduce((sum, wait) => sum + wait, 0) / waits.length,
      p95WaitSeconds: waits[95]!,
      sloMisses: policy.name.startsWith('late') ? 20 : 0,
      meanStretch: 1,
      endSeconds: workload.windowSeconds,
      decisions: 100,
      series:
        points === 0
          ? undefined
          : {
              seconds,
              watts: seconds.map((second) => (energyJoules / 3600) * (1 + Math.floor(second) / 1e4)),
              requested: seconds.map(() => 0.5),
              used: seconds.map(() => 0.4),
              awakeNodes: seconds.map(() => nodes.length),
              pending: seconds.map(() => 0),
            },
    };
  },
});
