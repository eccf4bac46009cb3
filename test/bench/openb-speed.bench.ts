import { typicalPods } from '../../src/policy/gpu/typical-pods.ts';
import { openbExperiment } from '../../src/simulation/openb-protocol.ts';
import { fillStatically, type StaticFillResult } from '../../src/simulation/static-fill.ts';
import { type Bench, median } from './bench.ts';
import { FIRST_SEED, OpenbList, openbSkip, RATIO } from './support/openb.ts';

/** Of one run on two virtual CPUs, as the README of hkust-adsl/kubernetes-scheduler-simulator has it. */
const PUBLISHED_SECONDS = 600;
const GOAL_SECONDS = 1;

/** CPU seconds of this process, user and system, that the work takes. */
function cpuSeconds<T>(work: () => T): { readonly seconds: number; readonly made: T } {
  const before = process.cpuUsage();
  const made = work();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (user + system) / 1e6, made };
}

/**
 * FGD on the default pod list, tuned to 130 %: typical pods, tuning, and every decision with the fragmentation and watts
 * of the cluster after it; all but reading the files. Against it: the same with no score and no fit remembered.
 */
export const openbSpeedBench: Bench = {
  name: 'openb-speed',
  what: 'openb, FGD, tuned to 130 %, one core',
  skip: openbSkip,
  async run({ quick, seed, progress }) {
    const list = new OpenbList('default');
    const once = (given: number, remember: boolean): StaticFillResult => {
      const typical = typicalPods(list.pods);
      const { nodes, pods } = openbExperiment(list.nodes, list.pods, { ratio: RATIO, seed: given });
      const asked = remember ? pods : pods.map((pod) => ({ ...pod, shape: -1 }));
      return fillStatically({
        nodes,
        pods: asked,
        policy: list.policy('fgd', 'lexicographic'),
        typical,
        seed: given,
      });
    };
    const first = FIRST_SEED + seed - 1;
    progress('the first run, not yet compiled');
    const cold = cpuSeconds(() => once(first, true));
    const warm: number[] = [];
    for (let i = 0; i < (quick ? 2 : 9); i++) warm.push(cpuSeconds(() => once(first + i, true)).seconds);
    progress(`${median(warm).toFixed(3)} s warm; the control: nothing remembered`);
    const full = cpuSeconds(() => once(first, false));
    if (cold.made.nodeOf.join() !== full.made.nodeOf.join())
      throw new Error('remembered and fresh scores place pods differently');
    return {
      figures: [
        {
          what: 'CPU time of the first run of a process',
          value: cold.seconds,
          unit: 's',
          goal: GOAL_SECONDS,
          direction: 'at-most',
          control: { what: 'published, on two cores, s', value: PUBLISHED_SECONDS },
        },
        {
          what: 'CPU time once compiled, median',
          value: median(warm),
          unit: 's',
          goal: GOAL_SECONDS,
          direction: 'at-most',
          control: { what: 'every candidate scored at every decision, s', value: full.seconds },
        },
      ],
      seeds: [first, ...warm.map((_, i) => first + i)],
      details: {
        nodes: list.nodes.length,
        'pods arrived': cold.made.nodeOf.length,
        'pods placed': cold.made.placed,
        'warm runs, s': warm,
      },
    };
  },
};
