import type { ReplayReport } from '../../evaluation/replay/replay.ts';
import type { Plot, PlotPoint, PlotSeries } from '../../export/plot/plot.ts';
import type { ClusterEnergyStep } from '../../history/cluster-reader.ts';
import type { SimulationSeries } from '../../simulation/simulation.ts';
import { utc } from '../energy-format.ts';

/** A step of which less was metered is a break in the line. */
const COVERED_ENOUGH = 0.9;

/** Watts of all nodes: as metered, as the model has it, and as each rule would have had it. */
export function replayPlot(
  report: ReplayReport,
  metered: readonly ClusterEnergyStep[],
  stepSeconds: number,
): Plot {
  const { from, to, nodes } = report.stretch;
  const series: PlotSeries[] = [];
  if (metered.length > 0) {
    const isMeasured = metered.every((step) => step.isMeasured);
    series.push({
      name: isMeasured ? 'as it was, metered' : 'as it was, counted',
      points: meteredPoints(metered, stepSeconds, nodes.length, from, to),
    });
  }
  const add = (name: string, simulated: SimulationSeries | undefined) => {
    if (simulated !== undefined) series.push({ name, points: simulatedPoints(simulated, from, to) });
  };
  add('as it was, modelled', report.asItWas.series);
  for (const rule of report.rules)
    if ('joules' in rule) add(rule.sleeps ? `${rule.policy}, nodes sleep` : rule.policy, rule.series);
  return { title: `Power of the cluster, ${utc(from)} to ${utc(to)}`, unit: 'W', series };
}

function simulatedPoints({ seconds, watts }: SimulationSeries, from: number, to: number): PlotPoint[] {
  return seconds
    .map((second, i) => ({
      unixMilliseconds: from + second * 1000,
      value: watts[i],
      provenance: 'estimated' as const,
    }))
    .filter(({ unixMilliseconds }) => unixMilliseconds <= to);
}

function meteredPoints(
  steps: readonly ClusterEnergyStep[],
  stepSeconds: number,
  nodes: number,
  from: number,
  to: number,
): PlotPoint[] {
  const byTime = new Map(steps.map((step) => [step.unixSeconds, step]));
  const first = Math.floor(from / 1000 / stepSeconds) * stepSeconds;
  const points: PlotPoint[] = [];
  for (let at = first; at * 1000 < to; at += stepSeconds) {
    const step = byTime.get(at);
    const isKnown =
      step !== undefined && step.coveredMilliseconds >= COVERED_ENOUGH * nodes * stepSeconds * 1000;
    points.push({
      // In the middle of the step, whose mean it is.
      unixMilliseconds: (at + stepSeconds / 2) * 1000,
      value: isKnown ? (step.joules * 1000 * nodes) / step.coveredMilliseconds : undefined,
      provenance: step?.isMeasured === false ? 'estimated' : 'measured',
    });
  }
  return points;
}
