import type { Node } from '../../cluster/node.ts';
import type { ServerModel } from '../../power-model/server-model.ts';
import type { SimulationOptions } from '../simulation.ts';
import type { Workload } from '../workload.ts';

export interface ScenarioRequest {
  /** Draws the hardware; scenarios with fixed machines do not look at it. A whole number from 0. */
  readonly clusterSeed: number;
  /** Draws the pods: everything of them, the same for every policy. A whole number from 0. */
  readonly workloadSeed: number;
  /** Mean share of the cluster's CPU that is requested: 0.6. */
  readonly load: number;
  /** Servers to draw random hardware from; the project's own library where left out. */
  readonly hardware?: readonly ServerModel[];
}

export interface GeneratedScenario {
  readonly nodes: readonly Node[];
  readonly workload: Workload;
  readonly options: SimulationOptions;
}

export interface Scenario {
  readonly name: string;
  /** One line for tables and help. */
  readonly summary: string;
  /** Empty nodes go to sleep: baselines are to be run awake-first. */
  readonly sleeps: boolean;
  /** Some pods may be held back. */
  readonly waits: boolean;
  /** The machines come from `clusterSeed`. */
  readonly randomHardware: boolean;
  /**
   * @throws KISIM_E_SCENARIO_INVALID for a seed or a load that cannot be
   * @throws KISIM_E_SCENARIO_HARDWARE where the table has no cluster of the wanted size
   */
  generate(request: ScenarioRequest): GeneratedScenario;
}
