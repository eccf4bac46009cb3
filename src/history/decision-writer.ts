import type Database from 'better-sqlite3';
import type { DecisionNote } from './decision-notes.ts';
import { costOf, type DecisionNode, type DecisionRecord } from './decision-record.ts';
import { LoopWriter } from './loop-writer.ts';

/** Writes decisions, to be called inside a transaction. */
export class DecisionWriter {
  readonly #insert: Database.Statement;
  readonly #bound: Database.Statement<[string, string]>;
  readonly #loops: LoopWriter;

  constructor(db: Database.Database) {
    this.#insert = db.prepare(
      `INSERT INTO decision (ms, ns, pod, uid, node, policy, fell_back_from, fell_back_why, unit, cost, ref_policy, ref_node,
         ref_cost, candidates, mode, outcome, reason, held_ms, terms, others, ref_terms, cluster)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    // The newest decision: the pod may have been decided more than once.
    this.#bound = db.prepare(
      'UPDATE decision SET bound = ? WHERE id = (SELECT max(id) FROM decision WHERE uid = ?)',
    );
    this.#loops = new LoopWriter(db);
  }

  write(notes: readonly DecisionNote[]): void {
    for (const note of notes) {
      switch (note.kind) {
        case 'decision':
          this.#write(note.decision);
          break;
        case 'bound':
          this.#bound.run(note.node, note.uid);
          break;
        case 'scaling':
          this.#loops.scaling(note.scaling);
          break;
        case 'admission':
          this.#loops.admission(note.admission);
          break;
      }
    }
  }

  #write(d: DecisionRecord): void {
    const cost = costOf(d.terms);
    // Of another unit it could not be compared.
    const reference = d.reference === undefined ? undefined : costOf(d.reference.terms);
    this.#insert.run(
      Math.round(d.unixMilliseconds),
      d.namespace,
      d.pod,
      d.uid,
      d.node ?? null,
      d.policy,
      d.fellBack?.from ?? null,
      d.fellBack?.why ?? null,
      cost?.unit ?? null,
      cost?.amount ?? null,
      d.reference?.policy ?? null,
      d.reference?.node ?? null,
      reference?.unit === cost?.unit ? (reference?.amount ?? null) : null,
      d.candidates,
      d.mode,
      d.outcome,
      d.reason ?? null,
      Math.round(d.heldMilliseconds),
      compact(d.terms),
      JSON.stringify(d.others.map(({ node, terms }: DecisionNode) => [node, triples(terms)])),
      compact(d.reference?.terms ?? []),
      d.cluster ?? 'live',
    );
  }
}

function triples(terms: DecisionNode['terms']): readonly (readonly [string, number | null, string])[] {
  return terms.map(({ term, amount, unit }) => [term, significant(amount), unit]);
}

function compact(terms: DecisionNode['terms']): string {
  return JSON.stringify(triples(terms));
}

/** Six digits are more than any prediction is worth; JSON has no infinities: such an amount is not known. */
function significant(amount: number): number | null {
  return Number.isFinite(amount) ? Number(amount.toPrecision(6)) : null;
}
