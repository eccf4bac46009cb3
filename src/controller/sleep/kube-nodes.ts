import type { Labels } from '../../cluster/labels.ts';
import type { ApiNode, ObjectMeta } from '../../kubernetes/api-objects.ts';
import { type GuardedWrites, guardedPatch } from '../../kubernetes/guarded-patch.ts';
import type { KubeObject } from '../../kubernetes/kube-object.ts';
import { ListWatch, type TroublePlace } from '../../kubernetes/list-watch.ts';
import { KEEP_AWAKE_ANNOTATION, SLEEP_ANNOTATION } from '../../kubernetes/names.ts';
import { sleepPatch } from '../../kubernetes/sleep-patch.ts';
import type { Clock } from '../../util/clock.ts';
import type { RandomSource } from '../../util/rng.ts';
import type { Milliseconds } from '../../util/units.ts';
import type { MarkChange, MarkResult, NodeFacts, NodeStates, NodeWrites } from './ports.ts';
import { formatMark, markOf, parseMark } from './sleep-mark.ts';

const CONTROL_PLANE_LABELS = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];
/** That of the cordon itself. */
const CORDON_TAINT = 'node.kubernetes.io/unschedulable';

/** What is held of a node: its facts, and what a patch is made from. */
interface HeldNode {
  readonly facts: NodeFacts;
  readonly object: ApiNode;
}

export interface KubeNodesOptions {
  readonly guard: GuardedWrites;
  readonly random: RandomSource;
  readonly clock: Clock;
  readonly trouble: (place: TroublePlace, error: unknown) => void;
  readonly wait?: (milliseconds: Milliseconds, signal: AbortSignal) => Promise<void>;
}

/** The nodes of a live cluster as their sleep sees them, by a watch of its own, and the writes of their marks. */
export class KubeNodes implements NodeStates, NodeWrites {
  readonly #guard: GuardedWrites;
  readonly #watch: ListWatch<HeldNode>;
  readonly #listeners = new Set<() => void>();
  /** As the server answered to the last write, by uid: the watch tells of it a little later. */
  readonly #written = new Map<string, ApiNode>();

  constructor({ guard, random, clock, trouble, wait }: KubeNodesOptions) {
    this.#guard = guard;
    const changed = () => {
      for (const listener of this.#listeners) listener();
    };
    this.#watch = new ListWatch<HeldNode>({
      api: guard.api,
      path: '/api/v1/nodes',
      trim: holdNode,
      handlers: {
        applied: ({ facts }, before) => {
          if (JSON.stringify(facts) !== JSON.stringify(before?.facts)) changed();
        },
        deleted: ({ facts }) => {
          this.#written.delete(facts.uid);
          changed();
        },
      },
      random,
      clock,
      trouble,
      ...(wait === undefined ? {} : { wait }),
    });
  }

  /** True once all nodes are known; false where it was stopped before. */
  get synced(): Promise<boolean> {
    return this.#watch.synced;
  }

  start(): void {
    this.#watch.start();
  }

  stop(): Promise<void> {
    return this.#watch.stop();
  }

  *list(): Iterable<NodeFacts> {
    for (const { facts } of this.#watch.values()) yield facts;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async mark(node: NodeFacts, change: MarkChange, signal: AbortSignal): Promise<MarkResult> {
    const held = this.#watch.get(node.uid);
    if (held === undefined) return { outcome: 'gone' };
    const { state } = markOf(node) ?? {};
    const wanted = {
      expected: change.expected,
      mark: change.mark === undefined ? undefined : formatMark(change.mark),
      cordoned: change.cordoned,
      // In every state but these two the cordon is the program's.
      ownsCordon: state !== undefined && state !== 'awake',
    };
    let isDone = false;
    const written = this.#written.get(node.uid);
    const isLater =
      written !== undefined && written.metadata?.annotations?.[SLEEP_ANNOTATION] === change.expected;
    const result = await guardedPatch<ApiNode>(this.#guard, {
      path: `/api/v1/nodes/${node.name}`,
      object: isLater ? written : held.object,
      propose: (current) => {
        const patch = sleepPatch(current, wanted);
        isDone = patch === 'done';
        return typeof patch === 'string' ? undefined : patch;
      },
      mostRefusals: 1,
      signal,
    });
    if (result.outcome === 'settled') return { outcome: isDone ? 'written' : 'changed' };
    if (result.outcome === 'written') this.#written.set(node.uid, slim(result.object));
    if (result.outcome === 'failed') return { outcome: 'failed', error: result.error };
    return { outcome: result.outcome };
  }
}

export function isControlPlane(labels: Labels): boolean {
  return CONTROL_PLANE_LABELS.some((label) => label in labels);
}

function holdNode(object: KubeObject): HeldNode {
  const { metadata } = object;
  const { labels = {}, annotations = {} } = metadata as ObjectMeta;
  const { spec, status } = object as {
    readonly spec?: NonNullable<ApiNode['spec']>;
    readonly status?: { readonly conditions?: readonly NodeCondition[] };
  };
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const markText = annotations[SLEEP_ANNOTATION];
  return {
    facts: {
      name: metadata.name,
      uid: metadata.uid,
      isCordoned: spec?.unschedulable === true,
      isReady: ready?.status === 'True',
      readinessSince: timeOf(ready?.lastTransitionTime),
      heardAt: timeOf(ready?.lastHeartbeatTime),
      isControlPlane: isControlPlane(labels),
      keepsAwake: KEEP_AWAKE_ANNOTATION in annotations,
      isTainted: (spec?.taints ?? []).some(
        ({ key, effect }) => key !== CORDON_TAINT && effect !== 'PreferNoSchedule',
      ),
      mark: parseMark(markText),
      markText,
    },
    object: slim({ metadata: metadata as ObjectMeta, ...(spec === undefined ? {} : { spec }) }),
  };
}

/** What a patch is made from. */
function slim({ metadata = {}, spec }: ApiNode): ApiNode {
  const { name, uid, resourceVersion, annotations } = metadata;
  return {
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(annotations === undefined ? {} : { annotations }),
    },
    ...(spec === undefined ? {} : { spec: spec.unschedulable === true ? { unschedulable: true } : {} }),
  };
}

interface NodeCondition {
  readonly type: string;
  readonly status: string;
  readonly lastTransitionTime?: string;
  readonly lastHeartbeatTime?: string;
}

function timeOf(text: string | undefined | null): Milliseconds | undefined {
  return typeof text === 'string' ? Date.parse(text) : undefined;
}
