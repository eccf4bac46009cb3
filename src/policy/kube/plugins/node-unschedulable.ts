import type { TaintView } from './taint-toleration.ts';

/** NodeUnschedulable: cordoned nodes are for pods that tolerate the taint of that name (plugins/nodeunschedulable). */
export class NodeUnschedulable {
  readonly name = 'NodeUnschedulable';
  #view: TaintView | undefined;

  prepare(view: TaintView): void {
    this.#view = view;
  }

  filter(slot: number): boolean {
    return this.#view!.schedulable[slot] === 1;
  }
}
