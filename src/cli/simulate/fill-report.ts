import type { PlaceAllResult, Unplaced } from '../../simulation/place-all.ts';
import type { FillExperiment } from './experiment.ts';

/** Reasons are told for so many kinds of pods; JSON has all. */
const REASONS_SHOWN = 10;
const GIB = 2 ** 30;

/** All that came of a static placement, as plain data. */
export interface FillSummary {
  readonly experiment: string;
  readonly policy: string;
  readonly ties: string;
  readonly seed: number;
  readonly nodes: number;
  readonly pods: number;
  readonly placed: number;
  readonly capacity: { readonly cores: number; readonly memoryGib: number; readonly gpus: number };
  /** Shares of the capacity, 0 to 1. */
  readonly allocated: { readonly cpu: number; readonly memory: number; readonly gpu: number | null };
  /** GPUs asked for by all pods, as a share of those there are. */
  readonly askedGpu: number | null;
  /** Idle GPUs that the typical pods cannot use, as a share of all. */
  readonly fragmentedGpu: number | null;
  /** By what is requested; null where the power of a node is not known. */
  readonly watts: { readonly empty: number; readonly now: number } | null;
  readonly placements: readonly { readonly pod: string; readonly node: string }[];
  readonly unplaced: readonly { readonly pod: string; readonly reasons: Readonly<Record<string, number>> }[];
  readonly notes: readonly string[];
}

export function summariseFill(
  experiment: FillExperiment,
  policy: string,
  result: PlaceAllResult,
): FillSummary {
  const { cluster, nodeOf, unplaced, placed, fragmentMilli, watts } = result;
  const sum = (column: ArrayLike<number>) => Array.from(column).reduce((total, each) => total + each, 0);
  const [cpu, memory] = [sum(cluster.cpuCapacity), sum(cluster.memoryCapacity)];
  const gpuMilli = cluster.gpuFree.length * 1000;
  const asked = experiment.pods.reduce((total, { gpu }) => total + (gpu ? gpu.count * gpu.milliEach : 0), 0);
  const ofGpus = (milli: number) => (gpuMilli === 0 ? null : milli / gpuMilli);
  return {
    experiment: experiment.title,
    policy,
    ties: experiment.ties,
    seed: experiment.seed,
    nodes: cluster.size,
    pods: experiment.pods.length,
    placed,
    capacity: { cores: cpu / 1000, memoryGib: memory / GIB, gpus: cluster.gpuFree.length },
    allocated: {
      cpu: 1 - sum(cluster.freeCpu) / cpu,
      memory: 1 - sum(cluster.freeMemory) / memory,
      gpu: ofGpus(gpuMilli - sum(cluster.freeGpuMilli)),
    },
    askedGpu: ofGpus(asked),
    fragmentedGpu: ofGpus(fragmentMilli),
    watts: watts ?? null,
    placements: experiment.pods.flatMap((pod, i) =>
      nodeOf[i]! < 0
        ? []
        : [{ pod: `${pod.namespace}/${pod.name}`, node: experiment.nameOf(cluster.nodes[nodeOf[i]!]!) }],
    ),
    unplaced: unplaced.map(({ pod, reasons }) => ({
      pod: `${pod.namespace}/${pod.name}`,
      reasons: Object.fromEntries(reasons),
    })),
    notes: experiment.notes,
  };
}

export function fillText(summary: FillSummary, unplaced: readonly Unplaced[]): string {
  const { capacity, allocated, watts } = summary;
  const gpus = capacity.gpus === 0 ? '' : `, ${capacity.gpus} GPUs`;
  const lines = [
    `experiment   ${summary.experiment}`,
    `cluster      ${summary.nodes} nodes: ${round(capacity.cores)} cores, ${round(capacity.memoryGib)} GiB${gpus}`,
    `policy       ${summary.policy}, ties ${summary.ties}, seed ${summary.seed}`,
    `pods         ${summary.pods} arrived, ${summary.placed} placed, ${unplaced.length} fit nowhere`,
    `allocated    CPU ${percent(allocated.cpu)}, memory ${percent(allocated.memory)}${
      allocated.gpu === null
        ? ''
        : `, GPUs ${percent(allocated.gpu)} (asked for: ${percent(summary.askedGpu!)})`
    }`,
    ...(summary.fragmentedGpu === null
      ? []
      : [
          `fragmented   ${percent(summary.fragmentedGpu)} of the GPUs: idle, and of no use to the typical pods`,
        ]),
    watts === null
      ? 'power        not known: a node has no power curve'
      : `power        ${(watts.now / 1000).toFixed(2)} kW by what is requested, ${(watts.empty / 1000).toFixed(2)} kW empty`,
    ...summary.notes.map((note) => `note         ${note}`),
  ];
  if (unplaced.length > 0)
    lines.push('', 'fit nowhere  (nodes by what they lack first)', ...reasonLines(unplaced));
  return `${lines.join('\n')}\n`;
}

/** Pods that fail for the same reasons are told together, with the counts of the first. */
function reasonLines(unplaced: readonly Unplaced[]): readonly string[] {
  const groups = new Map<string, { readonly first: Unplaced; count: number }>();
  for (const each of unplaced) {
    const why = [...each.reasons.keys()].join(', ');
    const group = groups.get(why) ?? { first: each, count: 0 };
    groups.set(why, group);
    group.count++;
  }
  const sorted = [...groups.values()].sort((a, b) => b.count - a.count);
  const lines = sorted.slice(0, REASONS_SHOWN).map(({ first, count }) => {
    const name = `${first.pod.namespace}/${first.pod.name}`;
    const why = [...first.reasons].map(([reason, nodes]) => `${reason} ${nodes}`).join(', ');
    return `  ${count === 1 ? name : `${count} pods such as ${name}`}: ${why}`;
  });
  const left = sorted.slice(REASONS_SHOWN).reduce((sum, { count }) => sum + count, 0);
  return left > 0 ? [...lines, `  ${left} more for other reasons: --json tells all`] : lines;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function round(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}
