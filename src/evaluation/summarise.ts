import { DEFAULT_RESAMPLES } from '../util/statistics/bootstrap.ts';
import { CONFIDENCE } from '../util/statistics/interval.ts';
import { corrected } from './multiplicity.ts';
import { overall } from './overall.ts';
import { RecordIndex } from './record-index.ts';
import { type LoggedRecord, WAIT_EDGES } from './records.ts';
import type { BenchmarkResults, CellResult } from './results.ts';
import type { Suite } from './suite.ts';
import { summariseCell } from './summarise-cell.ts';

export interface SummaryInput {
  readonly suite: Suite;
  readonly version: string;
  readonly hardware: string | undefined;
  readonly records: readonly LoggedRecord[];
}

/**
 * All figures of a benchmark from its runs, which must be complete. Independent of the order of the records.
 *
 * @throws KISIM_E_STATISTICS_UNPAIRED where the baseline used no energy
 */
export function summarise({ suite, version, hardware, records }: SummaryInput): BenchmarkResults {
  const index = new RecordIndex(records);
  const { cells, multiplicity } = corrected(
    suite.cells.map((_, cell) => summariseCell(suite, cell, index)),
    suite.baseline,
  );
  const controls = cells.filter(({ control }) => control);
  return {
    format: 1,
    version,
    suite,
    hardware: hardware ?? null,
    confidence: CONFIDENCE,
    resamples: DEFAULT_RESAMPLES,
    waitEdgesSeconds: WAIT_EDGES,
    cells,
    overall: overall(suite, cells),
    multiplicity,
    machineModels: machineModels(cells),
    controls: {
      cells: controls.length,
      holds: controls.length === 0 ? null : controls.every(({ controlHolds }) => controlHolds === true),
    },
  };
}

function machineModels(cells: readonly CellResult[]): { distinct: number; shared: number } {
  const clustersOf = new Map<string, Set<number>>();
  // A control is all one machine, on purpose.
  for (const { control, clusters } of cells)
    for (const { cluster, types } of control ? [] : clusters)
      for (const { model } of types)
        if (model !== null) clustersOf.set(model, (clustersOf.get(model) ?? new Set()).add(cluster));
  const shared = [...clustersOf.values()].filter(({ size }) => size > 1).length;
  return { distinct: clustersOf.size, shared };
}
