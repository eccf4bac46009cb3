import { errors } from '../errors.ts';
import { capacityOf } from '../policies/ordered.ts';
import { SKRUEUE_WINDOW } from '../policies/window.ts';
import { type JobType, NONE, type QueueState } from '../policy.ts';
import type { QueueView } from './view.ts';

export const SKRUEUE_VIEW = 'skrueue';

const CLUSTER = 4;
const PAST = 3;
const JOB = 6;
export const SKRUEUE_SIZE = CLUSTER + PAST + SKRUEUE_WINDOW * JOB;

/** SKRueue's code of a type. */
const TYPE_CODE: Readonly<Record<JobType, number>> = {
  spark: 0.8,
  realtime: 0.7,
  ml: 0.6,
  etl: 0.5,
  batch: 0.4,
  generic: 0.2,
};

const NAMES = ['CPU', 'memory', 'priority', 'waited', 'estimate', 'type'];

/**
 * SKRueue's state (core/environment.py of JinwangMok/skrueue): 67 numbers of the cluster and the ten jobs that have waited longest, eleven
 * actions. Its defects are repaired: utilisation is what is measured, not the kubelet's reservation, and of a job that does not fit the
 * action is masked instead of punished.
 *
 * - 0 to 3: CPU and memory free as a share of the capacity, CPU and memory in use
 * - 4 to 6: running jobs / 100, CPU in use once more, pods killed for memory in the last hour / 10 (its rate of recent events has no fixed scale)
 * - six numbers a job: CPU and memory of all its pods as a share of the capacity, priority / 10, hours waited, estimate / two hours, type
 */
export function skrueueView(): QueueView {
  const shown = new Float32Array(SKRUEUE_SIZE);
  return {
    name: SKRUEUE_VIEW,
    observationSize: SKRUEUE_SIZE,
    options: SKRUEUE_WINDOW + 1,
    entities: 1,
    read: (state, observation, mask) => {
      write(state, observation);
      shown.set(observation);
      const count = Math.min(SKRUEUE_WINDOW, state.jobs.length);
      mask.fill(0);
      let any = false;
      for (let i = 0; i < count; i++) {
        mask[i] = state.fitsNow[i]!;
        any ||= mask[i] === 1;
      }
      mask[SKRUEUE_WINDOW] = state.running.length > 0 || !any ? 1 : 0;
    },
    choiceOf: (option) => (option === SKRUEUE_WINDOW ? NONE : option),
    podsPerNode: () => undefined,
    reasons: (option) =>
      NAMES.flatMap((term, i) =>
        option === SKRUEUE_WINDOW
          ? []
          : [{ term, amount: shown[CLUSTER + PAST + option * JOB + i]!, unit: 'points' as const }],
      ),
  };
}

function write(state: QueueState, out: Float32Array): void {
  const { jobs, cluster, nowSeconds } = state;
  const { cpu, memory } = capacityOf(state);
  const sum = (column: Float64Array) => column.reduce((total, each) => total + each, 0);
  const used = known(state.cpuUtilisation, 'the CPU in use');
  out.fill(0);
  out[0] = sum(cluster.freeCpu) / cpu;
  out[1] = sum(cluster.freeMemory) / memory;
  out[2] = used;
  out[3] = known(state.memoryUtilisation, 'the memory in use');
  out[4] = Math.min(1, state.running.length / 100);
  out[5] = used;
  out[6] = Math.min(1, known(state.oomKillsLastHour, 'the pods killed for their memory') / 10);
  const count = Math.min(SKRUEUE_WINDOW, jobs.length);
  for (let i = 0; i < count; i++) {
    const job = jobs[i]!;
    const at = CLUSTER + PAST + i * JOB;
    out[at] = Math.min(1, (job.pods * job.cpuMilliPerPod) / cpu);
    out[at + 1] = Math.min(1, (job.pods * job.memoryBytesPerPod) / memory);
    out[at + 2] = Math.min(1, job.priority / 10);
    out[at + 3] = Math.min(1, Math.max(0, nowSeconds - job.arrivalSeconds) / 3600);
    out[at + 4] = Math.min(1, job.estimatedSeconds / 7200);
    out[at + 5] = TYPE_CODE[job.type];
  }
}

function known(value: number | undefined, what: string): number {
  if (value === undefined) throw errors.KISIM_E_QUEUE_STATE(what);
  return value;
}
