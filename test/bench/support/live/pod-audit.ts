import type { ApiPod } from '../../../../src/kubernetes/api-objects.ts';
import { isGated } from '../../../../src/kubernetes/gated-pod-patch.ts';
import {
  COMPONENT,
  DECIDED_BY_ANNOTATION,
  DOMAIN,
  NODE_ANNOTATION,
} from '../../../../src/kubernetes/names.ts';

/** What was seen of one pod that was the program's to place, or of one that was not. */
export interface AuditedPod {
  readonly isOurs: boolean;
  readonly createdAt: number;
  /** When its gate was first seen to be gone; undefined while it has it, or where it never had one. */
  freedAt: number | undefined;
  wasGated: boolean;
  /** Versions in which gate, affinity or annotations of the program were others than in the one before. */
  writes: number;
  /** Whether a node was chosen for it. */
  isPlaced: boolean;
  /** All that ever stood in the annotation. */
  readonly deciders: Set<string>;
  /** Whether any version had a mark of the program that only a write of its own can leave. */
  isTouched: boolean;
  foreignGates: number;
  lostForeignGate: boolean;
  marks: string;
}

/** Follows every version of every pod, as an independent watch tells them. */
export class PodAudit {
  readonly pods = new Map<string, AuditedPod>();

  /** @param isOurs whether the pod is opted in and may be placed */
  seen(pod: ApiPod, isOurs: boolean, at: number): void {
    const uid = pod.metadata!.uid!;
    const marks = marksOf(pod);
    const gated = isGated(pod);
    const foreign = (pod.spec?.schedulingGates ?? []).filter(({ name }) => !name.startsWith(DOMAIN)).length;
    const audited = this.pods.get(uid) ?? first(isOurs, at, marks, foreign);
    this.pods.set(uid, audited);
    if (gated) audited.wasGated = true;
    else if (audited.wasGated) audited.freedAt ??= at;
    if (marks !== audited.marks) audited.writes++;
    audited.marks = marks;
    if (foreign < audited.foreignGates) audited.lostForeignGate = true;
    if (pod.metadata!.annotations?.[NODE_ANNOTATION] !== undefined) audited.isPlaced = true;
    const decider = pod.metadata!.annotations?.[DECIDED_BY_ANNOTATION];
    if (decider !== undefined) audited.deciders.add(decider);
    if (audited.isPlaced || decider !== undefined || isManagedByUs(pod)) audited.isTouched = true;
  }
}

function first(isOurs: boolean, createdAt: number, marks: string, foreignGates: number): AuditedPod {
  return {
    isOurs,
    createdAt,
    freedAt: undefined,
    wasGated: false,
    writes: 0,
    isPlaced: false,
    deciders: new Set(),
    isTouched: false,
    foreignGates,
    lostForeignGate: false,
    marks,
  };
}

function marksOf(pod: ApiPod): string {
  const annotations = Object.entries(pod.metadata?.annotations ?? {}).filter(([key]) =>
    key.startsWith(DOMAIN),
  );
  return JSON.stringify([isGated(pod), pod.spec?.affinity ?? null, annotations]);
}

/** The server keeps who wrote which field. */
function isManagedByUs(pod: ApiPod): boolean {
  const fields = (pod.metadata as { managedFields?: readonly { manager?: string }[] }).managedFields ?? [];
  return fields.some(({ manager }) => manager === COMPONENT);
}
