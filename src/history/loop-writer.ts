import type Database from 'better-sqlite3';
import type { AdmissionRecord, LoopReading, ScalingRecord } from './loop-record.ts';

/** Writes decisions of the loops beside placement, to be called inside a transaction. */
export class LoopWriter {
  readonly #scaling: Database.Statement;
  readonly #admission: Database.Statement;

  constructor(db: Database.Database) {
    this.#scaling = db.prepare(
      `INSERT INTO scaling (cluster, ms, ns, deployment, uid, backend, policy, mode, before, ready, wanted, after, outcome, reason,
         seen) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#admission = db.prepare(
      `INSERT INTO admission (cluster, ms, ns, kind, name, uid, policy, mode, outcome, reason, nodes, waited_ms, queued, passed_over,
         oldest, terms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
  }

  scaling(record: ScalingRecord): void {
    this.#scaling.run(
      record.cluster ?? 'live',
      Math.round(record.unixMilliseconds),
      record.namespace,
      record.deployment,
      record.uid,
      record.backend,
      record.policy,
      record.mode,
      record.before ?? null,
      record.ready ?? null,
      record.wanted ?? null,
      record.after ?? null,
      record.outcome,
      record.reason,
      readingsText(record.seen),
    );
  }

  admission(record: AdmissionRecord): void {
    this.#admission.run(
      record.cluster ?? 'live',
      Math.round(record.unixMilliseconds),
      record.namespace,
      record.kind,
      record.name,
      record.uid,
      record.policy,
      record.mode,
      record.outcome,
      record.reason ?? null,
      record.nodes ?? null,
      Math.round(record.waitedMilliseconds),
      record.queued,
      record.passedOver,
      record.oldest ?? null,
      readingsText(record.terms),
    );
  }
}

/** What is not finite is not known either; JSON has no infinities. */
function readingsText(readings: readonly LoopReading[]): string {
  return JSON.stringify(
    readings.map(({ name, amount, unit }) => [
      name,
      amount === undefined || !Number.isFinite(amount) ? null : Number(amount.toPrecision(6)),
      unit,
    ]),
  );
}
