import type { HttpScorer } from '../../policy/outside/http-scorer.ts';
import type { SimulationResult, SimulationSeries } from '../../simulation/simulation.ts';
import { timeText } from '../time-left.ts';
import type { TimedExperiment } from './experiment.ts';

const JOULES_PER_KWH = 3.6e6;

/** All that came of a timed run, as plain data; energies in joules. */
export interface TimedSummary extends Omit<SimulationResult, 'waits' | 'series'> {
  readonly experiment: string;
  readonly ties: string;
  readonly seed: number;
  readonly nodes: number;
  readonly pods: number;
  readonly windowSeconds: number;
  readonly series: SimulationSeries | null;
  /** Decisions of an outside scorer and of its fallback by cause; null without one. */
  readonly scorer: {
    readonly answered: number;
    readonly fallbacks: Readonly<Record<string, number>>;
  } | null;
  readonly notes: readonly string[];
}

export function summariseTimed(
  experiment: TimedExperiment,
  result: SimulationResult,
  scorer: HttpScorer | undefined,
): TimedSummary {
  const { waits: _, series, ...figures } = result;
  const { nodes, workload, seed } = experiment.input;
  return {
    experiment: experiment.title,
    ties: experiment.ties,
    seed,
    nodes: nodes.length,
    pods: workload.items.length,
    windowSeconds: workload.windowSeconds,
    ...figures,
    series: series ?? null,
    scorer: scorer
      ? { answered: scorer.counts.answered, fallbacks: Object.fromEntries(scorer.counts.fallbacks) }
      : null,
    notes: experiment.notes,
  };
}

export function timedText(summary: TimedSummary): string {
  const kwh = (joules: number) => (joules / JOULES_PER_KWH).toFixed(3);
  const parts = [
    ['at work', summary.activeJoules],
    ['idle', summary.idleJoules],
    ['asleep', summary.sleepJoules],
    ['waking', summary.wakeJoules],
    ['GPUs', summary.gpuJoules],
  ] as const;
  const told = parts.filter(([, joules]) => joules > 0).map(([name, joules]) => `${name} ${kwh(joules)}`);
  const fallbacks = Object.entries(summary.scorer?.fallbacks ?? {}).map(
    ([cause, count]) => `${cause} ${count}`,
  );
  const lines = [
    `experiment   ${summary.experiment}`,
    `policy       ${summary.policy}, ties ${summary.ties}, seed ${summary.seed}`,
    `pods         ${summary.pods}: ${summary.placed} placed, ${summary.completed} completed, ${summary.dropped} dropped`,
    `energy       ${kwh(summary.energyJoules)} kWh (${told.join(', ')})`,
    `waits        mean ${summary.meanWaitSeconds.toFixed(1)} s, 95 % below ${summary.p95WaitSeconds.toFixed(1)} s, ${summary.sloMisses} missed their objective`,
    `work         ${(summary.workCoreSeconds / 3600).toFixed(1)} core-hours, batch took ${summary.meanStretch.toFixed(3)} times as long as alone`,
    `time         ${timeText(summary.windowSeconds)} of arrivals, the last pod ended after ${timeText(summary.endSeconds)}, ${summary.wakes} wakes`,
    ...(summary.scorer === null
      ? []
      : [
          `scorer       ${summary.scorer.answered} decisions, fallback ${fallbacks.length === 0 ? 'never' : fallbacks.join(', ')}`,
        ]),
    ...summary.notes.map((note) => `note         ${note}`),
  ];
  return `${lines.join('\n')}\n${summary.series === null ? '' : `\n${seriesCsv(summary.series)}`}`;
}

function seriesCsv(series: SimulationSeries): string {
  const header = 'seconds,watts,requested,used,awake_nodes,pending';
  const rows = series.seconds.map((seconds, i) =>
    [
      seconds,
      series.watts[i]!.toFixed(1),
      series.requested[i]!.toFixed(4),
      series.used[i]!.toFixed(4),
      series.awakeNodes[i],
      series.pending[i],
    ].join(','),
  );
  return `${[header, ...rows].join('\n')}\n`;
}
