import { fileURLToPath } from 'node:url';
import { type OwnClusterCell, ownClusterCells } from '../../../src/evaluation/own-cluster/cells.ts';
import { type ClusterSplit, ownClusters } from '../../../src/evaluation/own-cluster/clusters.ts';
import type { CellRecord } from '../../../src/evaluation/own-cluster/summary.ts';
import type { TrainingSettings } from '../../../src/learning/own-cluster/training.ts';
import { readSpecTable } from '../../../src/power-model/spec-table.ts';
import type { MachineGroup } from '../../../src/simulation/generators/hardware.ts';
import { sharedData } from '../../support/shared-data.ts';
import { type Journal, openJournal } from './journal.ts';

/** Seeds of workloads that nothing was trained, chosen or accepted by: those blocks end below 4 million. */
const FRESH = 500_000_000;

const table = () => readSpecTable(sharedData.path('power', 'spec_power_servers.csv'));

export const skipWithoutTable = (): string | undefined =>
  sharedData.skip === false ? undefined : sharedData.skip;

/** A quick run never looks at the clusters that are held out. */
export function benchClusters(quick: boolean, count: number): readonly (readonly MachineGroup[])[] {
  const split: ClusterSplit = quick ? 'development' : 'test';
  return ownClusters(table(), split).slice(0, quick ? 2 : count);
}

export const benchCells = (quick: boolean): readonly OwnClusterCell[] =>
  quick ? ownClusterCells.filter(({ name }) => name === 'B60' || name === 'D60') : ownClusterCells;

export const freshSeeds = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => FRESH + i);

export function ownClusterSettings(
  family: OwnClusterCell['family'],
  seed: number,
): Omit<TrainingSettings, 'generations' | 'validations'> {
  return {
    seed,
    population: 16,
    sigma: 0.12,
    // More of them would be better against overfitting still, and take more memory than a cell should.
    trainingSeeds: family === 'E' ? 96 : 240,
    seedsPerGeneration: 4,
    validationSeeds: family === 'E' ? 24 : 64,
    // What is to be found is a percent or less, and workloads differ by some: few of them would accept nothing.
    acceptanceSeeds: family === 'E' ? 160 : 320,
  };
}

export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

export const resultsPath = (name: string): string =>
  fileURLToPath(new URL(`../../../docs/results/${name}`, import.meta.url));

/** What `own-cluster` has come to so far; a quick run keeps and sees nothing. */
export const ownClusterJournal = (quick: boolean, seconds: number, workloads: number): Journal<CellRecord> =>
  openJournal(
    quick ? undefined : resultsPath('own-cluster.cells.jsonl'),
    `v2, ${seconds} s, ${workloads} workloads`,
  );
