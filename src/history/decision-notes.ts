import type { DecisionRecord } from './decision-record.ts';
import type { AdmissionRecord, ScalingRecord } from './loop-record.ts';

export type DecisionNote =
  | { readonly kind: 'decision'; readonly decision: DecisionRecord }
  /** Where a pod runs in the end. */
  | { readonly kind: 'bound'; readonly uid: string; readonly node: string }
  | { readonly kind: 'scaling'; readonly scaling: ScalingRecord }
  | { readonly kind: 'admission'; readonly admission: AdmissionRecord };

/** Of about a kilobyte each. */
const MOST_NOTES = 20_000;
/** Written in one transaction. */
const NOTES_PER_WRITE = 1_000;

/** Decisions that wait to be written. While the disk takes none the oldest are dropped, and counted. */
export class DecisionNotes {
  #notes: DecisionNote[] = [];
  #dropped = 0;

  get size(): number {
    return this.#notes.length;
  }

  get isWorthWriting(): boolean {
    return this.#notes.length >= NOTES_PER_WRITE;
  }

  get dropped(): number {
    return this.#dropped;
  }

  add(note: DecisionNote): void {
    this.#notes.push(note);
    if (this.#notes.length <= MOST_NOTES) return;
    const most = Math.floor(MOST_NOTES * 0.9);
    this.#dropped += this.#notes.length - most;
    this.#notes = this.#notes.slice(-most);
  }

  oldest(): readonly DecisionNote[] {
    return this.#notes.slice(0, NOTES_PER_WRITE);
  }

  /** They were written. */
  remove(count: number): void {
    this.#notes.splice(0, count);
  }
}
