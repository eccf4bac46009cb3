import { suggest } from '../../config/suggest.ts';
import { ln } from '../../util/portable-math.ts';
import { errors } from '../errors.ts';
import type { AdmissionPolicy } from '../policy.ts';
import { ConservativeBackfill, EasyBackfill } from './backfill.ts';
import { dominantShare, orderedPolicy } from './ordered.ts';
import { randomAdmission } from './random.ts';
import { reservingPolicy } from './reserving.ts';
import { SKRUEUE_WINDOW } from './window.ts';

export interface AdmissionEntry {
  readonly name: string;
  /** One line for lists and help. */
  readonly summary: string;
  make(): AdmissionPolicy;
}

const byArrival = () => 0;

/** The admission policies by their stable names. What learned one is asked for as `model:FILE`. */
export const admissionEntries: readonly AdmissionEntry[] = [
  {
    name: 'fifo',
    summary: "by arrival, and the first holds all others up: Kueue's StrictFIFO where no job has a priority",
    make: () =>
      orderedPolicy({ name: 'fifo', score: byArrival, term: 'arrival', unit: 'points', strict: true }),
  },
  {
    name: 'fifo-best-effort',
    summary: "by arrival, past those that do not fit: Kueue's BestEffortFIFO where no job has a priority",
    make: () =>
      orderedPolicy({ name: 'fifo-best-effort', score: byArrival, term: 'arrival', unit: 'points' }),
  },
  {
    name: 'priority-strict',
    summary: "by priority, then arrival, and the first holds all others up: Kueue's StrictFIFO",
    make: () =>
      orderedPolicy({
        name: 'priority-strict',
        score: ({ priority }) => priority,
        term: 'priority',
        unit: 'points',
        strict: true,
      }),
  },
  {
    name: 'priority',
    summary: "by priority, then arrival, past those that do not fit: Kueue's BestEffortFIFO",
    make: () =>
      orderedPolicy({
        name: 'priority',
        score: ({ priority }) => priority,
        term: 'priority',
        unit: 'points',
      }),
  },
  {
    name: 'sjf',
    summary: 'the shortest by its estimate of those that fit',
    make: () =>
      orderedPolicy({
        name: 'sjf',
        score: ({ estimatedSeconds }) => -estimatedSeconds,
        term: 'estimate, shorter first',
        unit: 's',
      }),
  },
  {
    name: 'smallest-area',
    summary: 'the least of estimate times greatest share asked for, of those that fit',
    make: () =>
      orderedPolicy({
        name: 'smallest-area',
        score: (job, state) => -ln(job.estimatedSeconds) - ln(dominantShare(job, state)),
        term: 'area, smaller first',
        unit: 'points',
      }),
  },
  {
    name: 'easy',
    summary: 'EASY backfilling: others go past the first where it is not held up by estimates',
    make: () => new EasyBackfill(),
  },
  {
    name: 'easy-sjf',
    summary: 'EASY backfilling that takes the shortest of those that may go past the first',
    make: () => new EasyBackfill('easy-sjf', ({ estimatedSeconds }) => -estimatedSeconds),
  },
  {
    name: 'reserving',
    summary:
      'smallest estimate squared times share first, a reservation for the first of them that does not fit, long jobs not on dear nodes',
    make: reservingPolicy,
  },
  {
    name: 'conservative',
    summary: 'conservative backfilling: others go past where nobody is held up by estimates',
    make: () => new ConservativeBackfill(),
  },
  {
    name: 'first-fit',
    summary: `the first that fits of the ${SKRUEUE_WINDOW} that have waited longest`,
    make: () =>
      orderedPolicy({
        name: 'first-fit',
        score: byArrival,
        term: 'arrival',
        unit: 'points',
        window: SKRUEUE_WINDOW,
      }),
  },
  {
    name: 'best-fit',
    summary: 'the one that asks for the greatest share of the cluster, of those that fit',
    make: () =>
      orderedPolicy({
        name: 'best-fit',
        score: dominantShare,
        term: 'greatest share asked for',
        unit: 'share',
      }),
  },
  { name: 'random', summary: 'any that fits', make: randomAdmission },
];

export const admissionNames: readonly string[] = admissionEntries.map(({ name }) => name);

/** @throws KISIM_E_QUEUE_POLICY_UNKNOWN with the nearest name */
export function admissionByName(name: string): AdmissionPolicy {
  const entry = admissionEntries.find((each) => each.name === name);
  if (entry !== undefined) return entry.make();
  const near = suggest(name, [...admissionNames]);
  const action = near === undefined ? `one of ${admissionNames.join(', ')}` : `did you mean ${near}?`;
  throw errors.KISIM_E_QUEUE_POLICY_UNKNOWN(name, { action });
}
