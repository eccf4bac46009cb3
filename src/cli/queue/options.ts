import type { Node } from '../../cluster/node.ts';
import { policyByName } from '../../policy/registry.ts';
import { DEFAULT_CLUSTER, queueCluster } from '../../queueing/clusters.ts';
import { DEFAULT_PLACEMENT } from '../../queueing/simulated/simulate-queue.ts';
import { scaledTrace, traceJobs } from '../../queueing/workload/from-trace.ts';
import { DEFAULT_ESTIMATES, generateJobs, generatorFor } from '../../queueing/workload/generate.ts';
import type { JobWorkload } from '../../queueing/workload/job.ts';
import { strategyByName, strategyNames } from '../../queueing/workload/strategies.ts';
import { defaultTemplates } from '../../queueing/workload/templates.ts';
import { loadWorkloadFile, type WorkloadFile } from '../../queueing/workload/workload-file.ts';
import { readSwf } from '../../simulation/inputs/swf.ts';
import type { Trace } from '../../simulation/inputs/trace.ts';
import { readTrace } from '../../simulation/inputs/trace-csv.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { numberOption, textOption } from '../replay/options.ts';

type Given = CommandContext['options'];

const WEEK = 7 * 86400;
const DEFAULT_LOAD = 0.85;
/** Seeds of comparisons: above those of every episode and validation of a training, so that its weeks are held out. */
const HELD_OUT = 3_500_000_000;

export const isCount = (value: number) => Number.isInteger(value) && value >= 1;
const isSeed = (value: number) => Number.isInteger(value) && value >= 0 && value < 2 ** 29;

export function readSeed(given: Given): number {
  return numberOption(given, 'seed', 1, isSeed);
}

/** What `--cluster` and `--sleep` say. @throws KISIM_E_INPUT_MACHINES */
export function readCluster(given: Given): { readonly name: string; readonly nodes: readonly Node[] } {
  const text = textOption(given, 'cluster') ?? DEFAULT_CLUSTER;
  const sleep = given['sleep'] === true;
  return { name: sleep ? `${text}, empty nodes sleep` : text, nodes: queueCluster(text, sleep) };
}

/** Name of the policy that places the pods of admitted jobs. @throws KISIM_E_POLICY_UNKNOWN */
export function readPlacement(given: Given): string {
  const name = textOption(given, 'placement') ?? DEFAULT_PLACEMENT;
  policyByName(name);
  return name;
}

/** What `--workload` names: a strategy, or a file by its ending. @throws KISIM_E_QUEUE_FILE, KISIM_E_INPUT_... */
export type WorkloadSource =
  | { readonly kind: 'generated'; readonly file: WorkloadFile }
  | { readonly kind: 'trace'; readonly trace: Trace };

export function readWorkload(given: Given): WorkloadSource {
  const text = textOption(given, 'workload') ?? 'realistic';
  if (/\.ya?ml$/i.test(text)) return { kind: 'generated', file: loadWorkloadFile(text) };
  if (/\.swf(\.txt)?$/i.test(text)) return { kind: 'trace', trace: readSwf(text) };
  if (/\.csv$/i.test(text)) return { kind: 'trace', trace: readTrace(text) };
  if (!strategyNames.includes(text))
    throw cliErrors.KISIM_E_USAGE(`--workload ${text}`, {
      expected: `${strategyNames.join(', ')}, or a file that ends in .yaml, .swf or .csv`,
    });
  const file: WorkloadFile = {
    strategy: strategyByName(text),
    templates: defaultTemplates,
    load: undefined,
    ratesAreJobsPerHour: false,
    skrueue: undefined,
  };
  return { kind: 'generated', file };
}

export interface QueueRuns {
  /** Null where the jobs come as a file says and nothing scales them. */
  readonly load: number | null;
  readonly windowSeconds: number;
  readonly workloads: readonly { readonly seed: number; readonly make: () => JobWorkload }[];
}

/** The jobs of each run: other seeds, or stretches of a log one after another. @throws KISIM_E_USAGE */
export function readRuns(given: Given, nodes: readonly Node[], source: WorkloadSource): QueueRuns {
  const runs = numberOption(given, 'runs', 5, isCount);
  const windowSeconds = numberOption(given, 'weeks', 1, (weeks) => weeks > 0 && weeks <= 520) * WEEK;
  const seed = readSeed(given);
  const seeds = Array.from({ length: runs }, (_, run) => HELD_OUT + seed * 1000 + run).map(
    (each) => each % 2 ** 32,
  );
  const givenLoad =
    given['load'] === undefined ? undefined : numberOption(given, 'load', 1, (load) => load > 0 && load <= 3);
  if (source.kind === 'trace') return traceRuns(source.trace, nodes, givenLoad, windowSeconds, seeds);
  const { strategy, templates, load: said, ratesAreJobsPerHour } = source.file;
  const load = givenLoad ?? said ?? (ratesAreJobsPerHour ? undefined : DEFAULT_LOAD);
  return {
    load: load ?? null,
    windowSeconds,
    workloads: seeds.map((each) => ({
      seed: each,
      make: () =>
        generateJobs({
          ...generatorFor(nodes),
          strategy,
          templates,
          estimates: DEFAULT_ESTIMATES,
          load: load ?? 'as-said',
          windowSeconds,
          seed: each,
        }),
    })),
  };
}

function traceRuns(
  whole: Trace,
  nodes: readonly Node[],
  load: number | undefined,
  windowSeconds: number,
  seeds: readonly number[],
): QueueRuns {
  const trace = scaledTrace({ trace: whole, nodes, load, grow: 'overlay' });
  const last = trace.jobs.at(-1)?.arrivalSeconds ?? 0;
  const most = Math.max(1, Math.floor((last + 1) / windowSeconds));
  if (seeds.length > most)
    throw cliErrors.KISIM_E_USAGE(
      `--runs ${seeds.length} of ${windowSeconds / WEEK} weeks, where ${trace.name} holds ${most}`,
      { expected: 'fewer runs, or shorter ones with --weeks' },
    );
  return {
    load: load ?? null,
    windowSeconds,
    workloads: seeds.map((seed, run) => ({
      seed,
      make: () =>
        traceJobs({
          trace,
          nodes,
          grow: 'overlay',
          fromSeconds: run * windowSeconds,
          windowSeconds,
          estimates: DEFAULT_ESTIMATES,
          seed,
        }),
    })),
  };
}
