import type Database from 'better-sqlite3';
import type { ClusterKind } from './cluster-kind.ts';
import type { DecisionMode, DecisionNode, DecisionRecord, DecisionUnit } from './decision-record.ts';

export interface DecisionQuery {
  readonly pod: string;
  /** Left out: any. */
  readonly namespace?: string;
  readonly limit: number;
}

export interface StoredDecision extends DecisionRecord {
  readonly cluster: ClusterKind;
  /** Where the pod ran in the end; undefined while that is not known. */
  readonly bound: string | undefined;
}

interface Row {
  readonly ms: number;
  readonly ns: string;
  readonly pod: string;
  readonly uid: string;
  readonly node: string | null;
  readonly bound: string | null;
  readonly policy: string;
  readonly fell_back_from: string | null;
  readonly fell_back_why: string | null;
  readonly ref_policy: string | null;
  readonly ref_node: string | null;
  readonly candidates: number;
  readonly mode: DecisionMode;
  readonly outcome: string;
  readonly reason: string | null;
  readonly held_ms: number;
  readonly terms: string;
  readonly others: string;
  readonly ref_terms: string;
  readonly cluster: ClusterKind;
}

type Triples = readonly (readonly [string, number | null, DecisionUnit])[];

export function readDecisions(db: Database.Database, query: DecisionQuery): readonly StoredDecision[] {
  const rows = db
    .prepare<[string, string | null, string | null, number], Row>(
      'SELECT * FROM decision WHERE pod = ? AND (? IS NULL OR ns = ?) ORDER BY ms DESC, id DESC LIMIT ?',
    )
    .all(query.pod, query.namespace ?? null, query.namespace ?? null, query.limit);
  return rows.map(decisionOf);
}

function decisionOf(row: Row): StoredDecision {
  const others = JSON.parse(row.others) as readonly (readonly [string, Triples])[];
  return {
    cluster: row.cluster,
    unixMilliseconds: row.ms,
    namespace: row.ns,
    pod: row.pod,
    uid: row.uid,
    node: row.node ?? undefined,
    bound: row.bound ?? undefined,
    policy: row.policy,
    fellBack:
      row.fell_back_from === null ? undefined : { from: row.fell_back_from, why: row.fell_back_why ?? '' },
    terms: termsOf(JSON.parse(row.terms) as Triples),
    others: others.map(([node, terms]) => ({ node, terms: termsOf(terms) })),
    reference:
      row.ref_policy === null || row.ref_node === null
        ? undefined
        : {
            policy: row.ref_policy,
            node: row.ref_node,
            terms: termsOf(JSON.parse(row.ref_terms) as Triples),
          },
    candidates: row.candidates,
    mode: row.mode,
    outcome: row.outcome,
    reason: row.reason ?? undefined,
    heldMilliseconds: row.held_ms,
  };
}

/** An amount that was not finite is NaN. */
function termsOf(triples: Triples): DecisionNode['terms'] {
  return triples.map(([term, amount, unit]) => ({ term, amount: amount ?? Number.NaN, unit }));
}
