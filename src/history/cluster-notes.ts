import type { ClusterRecordSink } from './cluster-record-sink.ts';
import type { CollectionNote, CollectionSink } from './collection-record.ts';
import type { NodeEnergyRecord } from './node-energy-record.ts';
import type { ClusterWatchedRecord, NodeSeenRecord, PodsPresentRecord } from './node-seen-record.ts';
import type { PodRunRecord } from './pod-run-record.ts';

export type ClusterNote =
  | { readonly kind: 'pod-run'; readonly record: PodRunRecord }
  | { readonly kind: 'node-energy'; readonly record: NodeEnergyRecord }
  | { readonly kind: 'node-seen'; readonly record: NodeSeenRecord }
  | { readonly kind: 'pods-present'; readonly record: PodsPresentRecord }
  | { readonly kind: 'watched'; readonly record: ClusterWatchedRecord }
  | CollectionNote;

/** Of about 300 bytes each. A big cluster tells all its pods at once when watching begins. */
const MOST_NOTES = 150_000;
/** Written in one transaction: some milliseconds, in which nobody decides. */
const NOTES_PER_WRITE = 250;

/** Records of a cluster that wait to be written. While the disk takes none the oldest are dropped, and counted. */
export class ClusterNotes implements ClusterRecordSink, CollectionSink {
  readonly #isWorthWriting: () => void;
  #notes: ClusterNote[] = [];
  #dropped = 0;

  /** @param isWorthWriting called when so much waits that it should not wait for the meter's next second */
  constructor(isWorthWriting: () => void) {
    this.#isWorthWriting = isWorthWriting;
  }

  get size(): number {
    return this.#notes.length;
  }

  get dropped(): number {
    return this.#dropped;
  }

  podRun(record: PodRunRecord): void {
    this.#add({ kind: 'pod-run', record });
  }

  nodeEnergy(record: NodeEnergyRecord): void {
    this.#add({ kind: 'node-energy', record });
  }

  nodeSeen(record: NodeSeenRecord): void {
    this.#add({ kind: 'node-seen', record });
  }

  podsPresent(record: PodsPresentRecord): void {
    this.#add({ kind: 'pods-present', record });
  }

  clusterWatched(record: ClusterWatchedRecord): void {
    this.#add({ kind: 'watched', record });
  }

  collected(note: CollectionNote): void {
    this.#add(note);
  }

  oldest(): readonly ClusterNote[] {
    return this.#notes.slice(0, NOTES_PER_WRITE);
  }

  /** They were written. */
  remove(count: number): void {
    if (count > 0) this.#notes.splice(0, count);
  }

  #add(note: ClusterNote): void {
    this.#notes.push(note);
    if (this.#notes.length > MOST_NOTES) {
      const most = Math.floor(MOST_NOTES * 0.9);
      this.#dropped += this.#notes.length - most;
      this.#notes = this.#notes.slice(-most);
    }
    if (this.#notes.length >= NOTES_PER_WRITE) this.#isWorthWriting();
  }
}
