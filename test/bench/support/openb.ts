import { existsSync } from 'node:fs';
import type { Node } from '../../../src/cluster/node.ts';
import type { Pod } from '../../../src/cluster/pod.ts';
import { type TypicalPod, typicalPods } from '../../../src/policy/gpu/typical-pods.ts';
import type { Policy, TieRule } from '../../../src/policy/policy.ts';
import { policyByName } from '../../../src/policy/registry.ts';
import { readOpenbNodes, readOpenbPods } from '../../../src/simulation/inputs/openb.ts';
import { openbExperiment } from '../../../src/simulation/openb-protocol.ts';
import { byArrivedLoad, fillStatically, type StaticFillResult } from '../../../src/simulation/static-fill.ts';
import { mean } from '../../../src/util/statistics/mean.ts';
import { estimateMean } from '../../../src/util/statistics/mean-interval.ts';
import { sharedData } from '../../support/shared-data.ts';

/** Of the study: GPUs asked for in the end against those there are, and its first seed. */
export const RATIO = 1.3;
export const FIRST_SEED = 42;

export function openbSkip(): string | undefined {
  return existsSync(sharedData.path('openb', 'openb_node_list_gpu_node.csv'))
    ? undefined
    : 'no openb trace beside the checkout';
}

export function openbSeeds(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => FIRST_SEED + i);
}

/** A pod list of the trace on its 1213 GPU nodes. */
export class OpenbList {
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  readonly typical: readonly TypicalPod[];

  constructor(list: string) {
    this.nodes = readOpenbNodes(sharedData.path('openb', 'openb_node_list_gpu_node.csv'));
    this.pods = readOpenbPods(sharedData.path('openb', `openb_pod_list_${list}.csv`)).pods;
    this.typical = typicalPods(this.pods);
  }

  policy(name: string, ties: TieRule): Policy {
    return policyByName(name, { ties, typical: this.typical });
  }

  fill(policy: Policy, seed: number): StaticFillResult {
    const experiment = openbExperiment(this.nodes, this.pods, { ratio: RATIO, seed });
    return fillStatically({ ...experiment, policy, typical: this.typical, seed });
  }
}

/** A figure of thousandths of GPUs by arrived load, 0 to 130, in percent of the cluster's GPUs. */
export function percentByLoad(result: StaticFillResult, figure: Float64Array): Float64Array {
  return byArrivedLoad(result, figure, 130).map((milli) => (milli / result.capacityMilli) * 100);
}

/** Mean of some seeds, and half its 95 % interval. */
export function meanAndHalf(values: readonly number[]): { readonly mean: number; readonly half: number } {
  const { interval } = estimateMean(values);
  if (interval === undefined) throw new Error('an interval needs two seeds');
  return { mean: mean(values), half: (interval.high - interval.low) / 2 };
}
