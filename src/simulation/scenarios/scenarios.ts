import type { Node } from '../../cluster/node.ts';
import type { ServerModel } from '../../power-model/server-model.ts';
import { readServerModels } from '../../power-model/server-models.ts';
import { type ArrivalRhythm, STEADY } from '../generators/arrivals.ts';
import { type MachineGroup, nodesOf, randomHardware } from '../generators/hardware.ts';
import {
  balancedMix,
  batchHeavyMix,
  type PodMix,
  scaledMix,
  standardMix,
  unevenMix,
} from '../generators/pod-mix.ts';
import type { PredictionModel } from '../generators/prediction-error.ts';
import { generateWorkload, type WorkloadPlan } from '../generators/workload.ts';
import type { SimulationOptions } from '../simulation.ts';
import { scenarioErrors } from './errors.ts';
import { equalMachines, linearMachines, mixedMachines, smallMachines } from './machines.ts';
import type { GeneratedScenario, Scenario, ScenarioRequest } from './scenario.ts';

const HOUR = 3600;

const OPTIONS: SimulationOptions = {
  tickSeconds: 300,
  reconsider: 'departure',
  unplaced: 'queue',
  beginAsleep: true,
  seriesSeconds: 0,
  sloSeconds: 600,
};

const PREDICTED: PredictionModel = { kind: 'log-normal', sigma: 0.3 };
const EXACT: PredictionModel = { kind: 'log-normal', sigma: 0 };
const CLASS_MEAN: PredictionModel = { kind: 'class-mean' };

const NO_SLACK = { share: 0, fromSeconds: 0, toSeconds: 0 };
const BATCH_SLACK = { share: 0.7, fromSeconds: HOUR, toSeconds: 4 * HOUR };
/** Busiest six hours after the start, at 1.7 times the mean. */
const DAILY: ArrivalRhythm = { amplitude: 0.7, periodSeconds: 24 * HOUR, phaseSeconds: 0 };

/** Two threads share a core; the second adds half as much again to its throughput. */
const SMT: NonNullable<Node['smt']> = { threadsPerCore: 2, secondThreadYield: 0.5 };

interface Definition {
  readonly name: string;
  readonly summary: string;
  readonly machines: readonly MachineGroup[] | 'random';
  /** `by-cluster`: even cluster seeds have memory-heavy services, odd ones have not. */
  readonly mix: PodMix | 'by-cluster';
  readonly sleeps?: boolean;
  readonly smt?: boolean;
  /** Daily rhythm, a whole day, and batch that may be held back. */
  readonly waits?: boolean;
  readonly prediction?: PredictionModel;
  readonly reconsider?: SimulationOptions['reconsider'];
}

const definitions: readonly Definition[] = [
  {
    name: 'A',
    summary: '24 equal nodes that never sleep',
    machines: equalMachines,
    mix: standardMix,
  },
  {
    name: 'A-linear',
    summary: 'A with linear power: nothing can be saved; the control that must read zero',
    machines: linearMachines,
    mix: standardMix,
  },
  {
    name: 'B',
    summary: '24 nodes of 2012, 2017 and 2021 that never sleep; some services need much memory',
    machines: mixedMachines,
    mix: standardMix,
  },
  { name: 'Bbal', summary: 'B without memory-heavy services', machines: mixedMachines, mix: balancedMix },
  {
    name: 'C',
    summary: 'D where only the mean of its class is known of a pod',
    machines: mixedMachines,
    mix: standardMix,
    sleeps: true,
    prediction: CLASS_MEAN,
  },
  { name: 'D', summary: 'B with nodes that sleep', machines: mixedMachines, mix: standardMix, sleeps: true },
  {
    name: 'D0',
    summary: 'D with exact predictions',
    machines: mixedMachines,
    mix: standardMix,
    sleeps: true,
    prediction: EXACT,
  },
  {
    name: 'Dhom',
    summary: 'A with nodes that sleep',
    machines: equalMachines,
    mix: standardMix,
    sleeps: true,
  },
  {
    name: 'E',
    summary: 'D over a day with its rhythm, batch-heavy, and batch that may be held back',
    machines: mixedMachines,
    mix: batchHeavyMix,
    sleeps: true,
    waits: true,
  },
  {
    name: 'Ens',
    summary: 'E with nodes that never sleep',
    machines: mixedMachines,
    mix: batchHeavyMix,
    waits: true,
  },
  {
    name: 'F',
    summary: 'B with hyper-threads and use far from the requests on both sides',
    machines: mixedMachines,
    mix: unevenMix,
    smt: true,
  },
  {
    name: 'Fs',
    summary: 'F with nodes that sleep',
    machines: mixedMachines,
    mix: unevenMix,
    smt: true,
    sleeps: true,
  },
  {
    name: 'G',
    summary: 'four small nodes, small pods',
    machines: smallMachines,
    mix: scaledMix(standardMix, 0.25),
  },
  {
    name: 'Gs',
    summary: 'G with nodes that sleep',
    machines: smallMachines,
    mix: scaledMix(standardMix, 0.25),
    sleeps: true,
  },
  {
    name: 'Brnd',
    summary: 'random hardware that never sleeps',
    machines: 'random',
    mix: 'by-cluster',
  },
  {
    name: 'Drnd',
    summary: 'random hardware that sleeps',
    machines: 'random',
    mix: 'by-cluster',
    sleeps: true,
  },
  {
    name: 'Ernd',
    summary: 'random hardware that sleeps, a day with its rhythm, batch that may be held back',
    machines: 'random',
    mix: batchHeavyMix,
    sleeps: true,
    waits: true,
    reconsider: 'tick',
  },
];

export const scenarioNames: readonly string[] = definitions.map((each) => each.name);

/**
 * @example
 * const { nodes, workload, options } = scenarioByName('B').generate({ clusterSeed: 0, workloadSeed: 1, load: 0.6 });
 *
 * @throws KISIM_E_SCENARIO_UNKNOWN
 */
export function scenarioByName(name: string): Scenario {
  const definition = definitions.find((each) => each.name === name);
  if (definition === undefined) {
    throw scenarioErrors.KISIM_E_SCENARIO_UNKNOWN(name, { expected: `one of ${scenarioNames.join(', ')}` });
  }
  return {
    name,
    summary: definition.summary,
    sleeps: definition.sleeps === true,
    waits: definition.waits === true,
    randomHardware: definition.machines === 'random',
    generate: (request) => generate(definition, request),
  };
}

function generate(definition: Definition, request: ScenarioRequest): GeneratedScenario {
  const { clusterSeed, workloadSeed, load } = request;
  checkSeed('cluster seed', clusterSeed);
  checkSeed('workload seed', workloadSeed);
  if (!(load > 0 && load <= 2)) throw scenarioErrors.KISIM_E_SCENARIO_INVALID(`a load of ${load}`);
  const groups =
    definition.machines === 'random'
      ? randomHardware(request.hardware ?? library(), clusterSeed)
      : definition.machines;
  const nodes = nodesOf(groups, {
    sleep: definition.sleeps === true,
    ...(definition.smt === true ? { smt: SMT } : {}),
  });
  const prediction = definition.prediction ?? PREDICTED;
  const waits = definition.waits === true;
  const plan: WorkloadPlan = {
    mix: mixOf(definition, clusterSeed),
    load,
    capacityMilli: nodes.reduce((sum, node) => sum + node.cpuMilli, 0),
    windowSeconds: (waits ? 24 : 12) * HOUR,
    rhythm: waits ? DAILY : STEADY,
    durationPrediction: prediction,
    usePrediction: prediction,
    slack: waits ? BATCH_SLACK : NO_SLACK,
  };
  return {
    nodes,
    workload: generateWorkload(plan, workloadSeed),
    options:
      definition.reconsider === undefined ? OPTIONS : { ...OPTIONS, reconsider: definition.reconsider },
  };
}

function mixOf(definition: Definition, clusterSeed: number): PodMix {
  if (definition.mix !== 'by-cluster') return definition.mix;
  return clusterSeed % 2 === 0 ? standardMix : balancedMix;
}

let ownServers: readonly ServerModel[] | undefined;
function library(): readonly ServerModel[] {
  ownServers ??= readServerModels();
  return ownServers;
}

function checkSeed(what: string, seed: number): void {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw scenarioErrors.KISIM_E_SCENARIO_INVALID(`a ${what} of ${seed}`);
}
