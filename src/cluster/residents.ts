export interface SavedResidents {
  readonly podIds: Int32Array;
  readonly predictedEnds: Float64Array;
  readonly predictedUses: Float64Array;
}

/**
 * The pods of one node, sorted by their predicted end. Structure of arrays, so that run-out energies walk it without
 * touching an object.
 */
export class Residents {
  count = 0;
  podIds = new Int32Array(8);
  /** Seconds on the cluster's clock; ascending; Infinity for pods without a predicted end. */
  predictedEnds = new Float64Array(8);
  /** Milli-cores, in the same order. */
  predictedUses = new Float64Array(8);

  add(podId: number, predictedEnd: number, predictedUse: number): void {
    if (this.count === this.podIds.length) this.#grow();
    let at = this.count;
    while (at > 0 && this.predictedEnds[at - 1]! > predictedEnd) {
      this.podIds[at] = this.podIds[at - 1]!;
      this.predictedEnds[at] = this.predictedEnds[at - 1]!;
      this.predictedUses[at] = this.predictedUses[at - 1]!;
      at--;
    }
    this.podIds[at] = podId;
    this.predictedEnds[at] = predictedEnd;
    this.predictedUses[at] = predictedUse;
    this.count++;
  }

  /** False where the pod is not here. */
  remove(podId: number): boolean {
    let at = 0;
    while (at < this.count && this.podIds[at] !== podId) at++;
    if (at === this.count) return false;
    this.podIds.copyWithin(at, at + 1, this.count);
    this.predictedEnds.copyWithin(at, at + 1, this.count);
    this.predictedUses.copyWithin(at, at + 1, this.count);
    this.count--;
    return true;
  }

  save(): SavedResidents {
    return {
      podIds: this.podIds.slice(0, this.count),
      predictedEnds: this.predictedEnds.slice(0, this.count),
      predictedUses: this.predictedUses.slice(0, this.count),
    };
  }

  static restored(saved: SavedResidents): Residents {
    const residents = new Residents();
    residents.count = saved.podIds.length;
    while (residents.podIds.length < residents.count) residents.#grow();
    residents.podIds.set(saved.podIds);
    residents.predictedEnds.set(saved.predictedEnds);
    residents.predictedUses.set(saved.predictedUses);
    return residents;
  }

  #grow(): void {
    const longer = (old: Float64Array<ArrayBuffer>) => {
      const grown = new Float64Array(old.length * 2);
      grown.set(old);
      return grown;
    };
    const ids = new Int32Array(this.podIds.length * 2);
    ids.set(this.podIds);
    this.podIds = ids;
    this.predictedEnds = longer(this.predictedEnds);
    this.predictedUses = longer(this.predictedUses);
  }
}
