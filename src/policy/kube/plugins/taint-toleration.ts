import type { Node, Taint } from '../../../cluster/node.ts';
import type { Toleration } from '../../../cluster/pod.ts';
import { defaultNormalise, MAX_NODE_SCORE } from '../normalise.ts';

/** Whether a toleration tolerates a taint. Lt and Gt need a feature that is off in 1.36: they tolerate nothing. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect !== undefined && toleration.effect !== taint.effect) return false;
  if (toleration.key !== '' && toleration.key !== taint.key) return false;
  return (
    toleration.operator === 'Exists' || (toleration.operator === 'Equal' && toleration.value === taint.value)
  );
}

export function toleratesAll(tolerations: readonly Toleration[], taints: readonly Taint[]): boolean {
  return taints.every(
    (taint) =>
      taint.effect === 'PreferNoSchedule' || tolerations.some((toleration) => tolerates(toleration, taint)),
  );
}

const UNSCHEDULABLE: Taint = { key: 'node.kubernetes.io/unschedulable', value: '', effect: 'NoSchedule' };

/** What one list of tolerations means for every node. */
export interface TaintView {
  /** 1 where TaintToleration passes. */
  readonly tolerated: Uint8Array;
  /** 1 where NodeUnschedulable passes. */
  readonly schedulable: Uint8Array;
  /** 1 where both pass. */
  readonly open: Uint8Array;
  /** PreferNoSchedule taints that are not tolerated, by node; undefined: none anywhere. */
  readonly avoided: Int32Array | undefined;
}

export function taintView(nodes: readonly Node[], tolerations: readonly Toleration[]): TaintView {
  const toleratesCordon = tolerations.some((toleration) => tolerates(toleration, UNSCHEDULABLE));
  const tolerated = Uint8Array.from(nodes, ({ taints }) => (toleratesAll(tolerations, taints ?? []) ? 1 : 0));
  const schedulable = Uint8Array.from(nodes, ({ unschedulable }) =>
    unschedulable !== true || toleratesCordon ? 1 : 0,
  );
  const avoided = Int32Array.from(
    nodes,
    ({ taints }) =>
      (taints ?? []).filter(
        (taint) =>
          taint.effect === 'PreferNoSchedule' &&
          !tolerations.some((toleration) => tolerates(toleration, taint)),
      ).length,
  );
  return {
    tolerated,
    schedulable,
    open: tolerated.map((passes, slot) => passes & schedulable[slot]!),
    avoided: avoided.some((taints) => taints > 0) ? avoided : undefined,
  };
}

/**
 * TaintToleration: no untolerated NoSchedule or NoExecute taint; fewer untolerated PreferNoSchedule taints are better
 * (plugins/tainttoleration).
 */
export class TaintToleration {
  readonly name = 'TaintToleration';
  readonly weight = 3;
  #view: TaintView | undefined;

  prepare(view: TaintView): void {
    this.#view = view;
  }

  filter(slot: number): boolean {
    return this.#view!.tolerated[slot] === 1;
  }

  /** No node has a taint that the pod would rather avoid: all get the most points. */
  get scoresAlike(): boolean {
    return this.#view!.avoided === undefined;
  }

  score(slots: Int32Array, count: number, out: Float64Array): void {
    const { avoided } = this.#view!;
    if (avoided === undefined) {
      out.fill(MAX_NODE_SCORE, 0, count);
      return;
    }
    for (let i = 0; i < count; i++) out[i] = avoided[slots[i]!]!;
    defaultNormalise(out, count, true);
  }
}
