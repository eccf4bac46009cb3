import { jobOfRecord } from '../../controller/jobs/record-name.ts';
import type { DecisionSink } from '../../controller/ports.ts';
import { costOf, type DecisionRecord } from '../../history/decision-record.ts';
import type { EventSubject } from '../../kubernetes/event-correlator.ts';
import type { EventRecorder } from '../../kubernetes/event-recorder.ts';

/** Keeps decisions, and tells of those that were acted on by events at their pods. */
export class DecisionEvents implements DecisionSink {
  readonly #kept: DecisionSink;
  readonly #events: Pick<EventRecorder, 'record'>;

  constructor(kept: DecisionSink, events: Pick<EventRecorder, 'record'>) {
    this.#kept = kept;
    this.#events = events;
  }

  record(decision: DecisionRecord): void {
    this.#kept.record(decision);
    const told = tellings[decision.outcome];
    if (decision.mode !== 'act' || told === undefined) return;
    const [reason, message] = told;
    this.#events.record({ subject: subjectOf(decision), type: 'Normal', reason, message: message(decision) });
  }

  bound(uid: string, node: string): void {
    this.#kept.bound(uid, node);
  }
}

/** Reason and message of an event, by outcome; other outcomes are none. */
const tellings: Readonly<
  Record<string, readonly [reason: string, message: (decision: DecisionRecord) => string]>
> = {
  placed: ['EnergyPlaced', placedMessage],
  freed: ['EnergyPlacementSkipped', freedMessage],
  evicted: ['EnergyEvicted', evictedMessage],
};

function subjectOf({ namespace, pod, uid }: DecisionRecord): EventSubject {
  const job = jobOfRecord(pod);
  return job === undefined
    ? { apiVersion: 'v1', kind: 'Pod', namespace, name: pod, uid }
    : { apiVersion: 'batch/v1', kind: 'Job', namespace, name: job, uid };
}

function placedMessage({ node, policy, terms, reference, fellBack }: DecisionRecord): string {
  const cost = costOf(terms);
  const other = reference === undefined ? undefined : costOf(reference.terms);
  const price = cost === undefined ? '' : ` at ${amount(cost)}`;
  const beside =
    reference === undefined || other === undefined || other.unit !== cost?.unit
      ? ''
      : `; ${reference.policy} would have taken ${reference.node} at ${amount(other)}`;
  const instead = fellBack === undefined ? '' : ` (${fellBack.from} failed)`;
  return `sent to ${node} by ${policy}${instead}${price}${beside}`;
}

function freedMessage({ reason }: DecisionRecord): string {
  return `left to the default scheduler: ${reason ?? 'no reason was told'}`;
}

function evictedMessage({ policy, reason }: DecisionRecord): string {
  return `evicted by ${policy}: ${reason ?? 'no reason was told'}`;
}

function amount(cost: { readonly amount: number; readonly unit: string }): string {
  return `${Number(cost.amount.toPrecision(4))} ${cost.unit}`;
}
