import type { Labels } from '../cluster/labels.ts';
import type { Node } from '../cluster/node.ts';
import type { Pod } from '../cluster/pod.ts';
import type { WatchedPod } from './pod-reader.ts';

/** Who keeps the books of what runs where. Told in order; pods may be on nodes that it was not told of. */
export interface ClusterSink {
  /** All nodes that can take pods, sorted by name, after any of them came, went or changed. */
  setNodes(nodes: readonly Node[]): void;
  /** A pod is on a node; told again where its requests or labels change. */
  bound(uid: string, pod: Pod, node: string): void;
  /** A pod has ended or is gone, whether it was on a node or not. */
  gone(uid: string): void;
  /** A namespace came or changed its labels; undefined: it is gone. Selectors of pod affinity look at them. */
  namespaceChanged?(name: string, labels: Labels | undefined): void;
}

/** A pod without a node. */
export interface WaitingPod extends WatchedPod {
  readonly namespace: string;
  readonly name: string;
  /** Whether it carries the program's own scheduling gate. */
  readonly isGated: boolean;
  /** Whether its namespace is opted in and it does not opt out itself. */
  readonly isOptedIn: boolean;
}

export interface WaitingPodListener {
  /** It came or changed. */
  pending(pod: WaitingPod): void;
  /** It waits no more: it has a node, or is gone. */
  settled(uid: string, node: string | undefined): void;
}

/** Is told of all pods, with a node or without. */
export interface PodFollower {
  /** It came or changed. @param before undefined: it was not known */
  applied(pod: WatchedPod, before: WatchedPod | undefined): void;
  /** It has ended or is gone. @param pod as it was last known */
  gone(pod: WatchedPod): void;
}
