/** NodeName: a pod that names its node runs nowhere else (plugins/nodename). */
export class NodeName {
  readonly name = 'NodeName';
  /** -1: the node it names is not there; undefined: it names none. */
  #slot: number | undefined;

  prepare(slot: number | undefined): void {
    this.#slot = slot;
  }

  filter(slot: number): boolean {
    return this.#slot === undefined || this.#slot === slot;
  }
}
