import {
  type AdmissionPolicy,
  type AdmissionReason,
  NONE,
  type QueuedJob,
  type QueueState,
} from '../policy.ts';

/** What an order compares: the job with the greater one goes first, the earlier one of equals. */
export type JobScore = (job: QueuedJob, state: QueueState) => number;

interface OrderedOptions {
  readonly name: string;
  readonly score: JobScore;
  /** What the score is, for people. */
  readonly term: string;
  readonly unit: AdmissionReason['unit'];
  /** Whether the first one holds everybody up where it does not fit; else those that fit go past it. */
  readonly strict?: boolean;
  /** Only so many of the longest waiting are looked at; all where left out. */
  readonly window?: number;
}

/** Admits by an order of the waiting jobs. */
export function orderedPolicy(options: OrderedOptions): AdmissionPolicy {
  const { name, score, term, unit } = options;
  const isStrict = options.strict === true;
  const window = options.window ?? Number.POSITIVE_INFINITY;
  return {
    name,
    reset: () => undefined,
    choose: (state) => {
      const { jobs, fitsNow } = state;
      const count = Math.min(window, jobs.length);
      let best = NONE;
      let greatest = 0;
      for (let i = 0; i < count; i++) {
        if (!isStrict && fitsNow[i] !== 1) continue;
        const value = score(jobs[i]!, state);
        if (best !== NONE && !(value > greatest)) continue;
        best = i;
        greatest = value;
      }
      return best !== NONE && fitsNow[best] === 1 ? best : NONE;
    },
    explain: (state, index) => {
      const job = state.jobs[index]!;
      return [
        { term, amount: score(job, state), unit },
        { term: 'waited', amount: state.nowSeconds - job.arrivalSeconds, unit: 's' },
        { term: 'place in the queue', amount: index + 1, unit: 'count' },
      ];
    },
  };
}

/** Largest share that a job asks for of any resource of the whole cluster (Ghodsi and others, NSDI 2011). */
export function dominantShare(
  { pods, cpuMilliPerPod, memoryBytesPerPod }: QueuedJob,
  state: QueueState,
): number {
  const { cpu, memory } = capacityOf(state);
  return pods * Math.max(cpuMilliPerPod / cpu, memoryBytesPerPod / memory);
}

const capacities = new WeakMap<object, { readonly cpu: number; readonly memory: number }>();

export function capacityOf({ cluster }: QueueState): { readonly cpu: number; readonly memory: number } {
  const known = capacities.get(cluster);
  if (known !== undefined) return known;
  const sum = (column: Float64Array) => column.reduce((total, each) => total + each, 0);
  const capacity = { cpu: sum(cluster.cpuCapacity), memory: sum(cluster.memoryCapacity) };
  capacities.set(cluster, capacity);
  return capacity;
}
