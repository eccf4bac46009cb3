import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { clusterDigest } from '../../policy/learned/cluster-digest.ts';
import { readSpecTable } from '../../power-model/spec-table.ts';
import { scenarioByName } from '../../simulation/scenarios/scenarios.ts';
import { systemErrorCode } from '../../util/errors.ts';
import { errors } from '../errors.ts';
import { type ClusterTwinPlan, clusterTwin } from './cluster-twin.ts';
import { type ReplayTwinPlan, replayTwin } from './replay-twin.ts';
import type { Twin } from './twin.ts';

/** A scenario's own hardware and workloads. */
export interface ScenarioTwinPlan {
  readonly kind: 'scenario';
  readonly scenario: string;
  readonly load: number;
  readonly clusterSeed: number;
  /** A table of servers to draw the cluster from, with the digest of what it holds; left out: the program's own. */
  readonly hardware?: { readonly path: string; readonly sha256: string };
}

/** How a twin is made anew, as JSON: by another thread, or by a training that goes on. */
export type TwinPlan = ScenarioTwinPlan | ClusterTwinPlan | ReplayTwinPlan;

/**
 * @example
 * twinOf({ kind: 'scenario', scenario: 'B', load: 0.6, clusterSeed: 0 }).situation(1);
 *
 * @throws KISIM_E_SCENARIO_..., KISIM_E_LEARNING_TWIN
 */
export function twinOf(plan: TwinPlan): Twin {
  if (plan.kind === 'cluster') return clusterTwin(plan);
  if (plan.kind === 'replay') return replayTwin(plan);
  const { scenario, load, clusterSeed, hardware } = plan;
  const { sleeps, waits, randomHardware, generate } = scenarioByName(scenario);
  if (hardware !== undefined && digestOfFile(hardware.path) !== hardware.sha256)
    throw errors.KISIM_E_LEARNING_TWIN(`${hardware.path} is not what it was when training began`);
  const table = hardware === undefined ? {} : { hardware: readSpecTable(hardware.path) };
  return {
    name: `${scenario} at load ${load}${randomHardware ? `, cluster ${clusterSeed}` : ''}`,
    sleeps,
    waits,
    situation: (workloadSeed) => generate({ clusterSeed, workloadSeed, load, ...table }),
  };
}

/** Of the cluster that a twin stands for. */
export function digestOfCluster(plan: TwinPlan): string {
  return plan.kind !== 'scenario' ? plan.digest : clusterDigest(twinOf(plan).situation(0).nodes);
}

/** SHA-256 in hexadecimal digits. @throws KISIM_E_LEARNING_TWIN where the file cannot be read */
export function digestOfFile(path: string): string {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex');
  } catch (cause) {
    throw errors.KISIM_E_LEARNING_TWIN(`${path}: ${systemErrorCode(cause) ?? String(cause)}`, { cause });
  }
}
