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

  clone(): Residents {
    const copy = new Residents();
    copy.count = this.count;
    copy.podIds = this.podIds.slice();
    copy.predictedEnds = this.predictedEnds.slice();
    copy.predictedUses = this.predictedUses.slice();
    return copy;
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
