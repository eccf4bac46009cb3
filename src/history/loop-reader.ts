import type Database from 'better-sqlite3';
import type { ClusterKind } from './cluster-kind.ts';
import type { DecisionMode } from './decision-record.ts';
import type { AdmissionRecord, LoopReading, ScalingRecord } from './loop-record.ts';

export interface LoopQuery {
  /** Of the Deployment, the Job or the Workload. */
  readonly name: string;
  /** Left out: any. */
  readonly namespace?: string;
  readonly limit: number;
}

export type StoredScaling = ScalingRecord & { readonly cluster: ClusterKind };
export type StoredAdmission = AdmissionRecord & { readonly cluster: ClusterKind };

interface CommonRow {
  readonly cluster: ClusterKind;
  readonly ms: number;
  readonly ns: string;
  readonly uid: string;
  readonly policy: string;
  readonly mode: DecisionMode;
  readonly outcome: string;
}

interface ScalingRow extends CommonRow {
  readonly deployment: string;
  readonly backend: string;
  readonly before: number | null;
  readonly ready: number | null;
  readonly wanted: number | null;
  readonly after: number | null;
  readonly reason: string;
  readonly seen: string;
}

interface AdmissionRow extends CommonRow {
  readonly kind: AdmissionRecord['kind'];
  readonly name: string;
  readonly reason: string | null;
  readonly nodes: string | null;
  readonly waited_ms: number;
  readonly queued: number;
  readonly passed_over: number;
  readonly oldest: string | null;
  readonly terms: string;
}

/** Newest first. */
export function readScalings(db: Database.Database, query: LoopQuery): readonly StoredScaling[] {
  return rowsOf<ScalingRow>(db, 'scaling', 'deployment = ?', query).map((row) => ({
    ...common(row),
    deployment: row.deployment,
    backend: row.backend,
    before: row.before ?? undefined,
    ready: row.ready ?? undefined,
    wanted: row.wanted ?? undefined,
    after: row.after ?? undefined,
    reason: row.reason,
    seen: readingsOf(row.seen),
  }));
}

/** Newest first. */
export function readAdmissions(
  db: Database.Database,
  { kind, ...query }: LoopQuery & { readonly kind: AdmissionRecord['kind'] },
): readonly StoredAdmission[] {
  return rowsOf<AdmissionRow>(db, 'admission', `kind = '${kind}' AND name = ?`, query).map((row) => ({
    ...common(row),
    kind: row.kind,
    name: row.name,
    reason: row.reason ?? undefined,
    nodes: row.nodes ?? undefined,
    waitedMilliseconds: row.waited_ms,
    queued: row.queued,
    passedOver: row.passed_over,
    oldest: row.oldest ?? undefined,
    terms: readingsOf(row.terms),
  }));
}

function rowsOf<Row>(
  db: Database.Database,
  table: 'scaling' | 'admission',
  isMeant: string,
  { name, namespace, limit }: LoopQuery,
): readonly Row[] {
  return db
    .prepare<[string, string | null, string | null, number], Row>(
      `SELECT * FROM ${table} WHERE ${isMeant} AND (? IS NULL OR ns = ?) ORDER BY ms DESC, id DESC LIMIT ?`,
    )
    .all(name, namespace ?? null, namespace ?? null, limit);
}

function common(row: CommonRow) {
  const { cluster, ms, ns, uid, policy, mode, outcome } = row;
  return { cluster, unixMilliseconds: ms, namespace: ns, uid, policy, mode, outcome };
}

function readingsOf(text: string): readonly LoopReading[] {
  const triples = JSON.parse(text) as readonly (readonly [string, number | null, string])[];
  return triples.map(([name, amount, unit]) => ({ name, amount: amount ?? undefined, unit }));
}
