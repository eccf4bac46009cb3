import type { Pod } from '../../src/cluster/pod.ts';
import { LiveCluster } from '../../src/controller/live-cluster.ts';
import type { Resident } from '../../src/controller/resident.ts';
import { sleepErrors } from '../../src/controller/sleep/errors.ts';
import { NodeSleeper } from '../../src/controller/sleep/node-sleeper.ts';
import type {
  Evictions,
  EvictResult,
  MarkChange,
  MarkResult,
  NodeFacts,
  NodePower,
  NodeStates,
  NodeWrites,
  PowerResult,
  Residents,
} from '../../src/controller/sleep/ports.ts';
import type { SleepRules } from '../../src/controller/sleep/sleep-choice.ts';
import { formatMark, markOf, parseMark, type SleepState } from '../../src/controller/sleep/sleep-mark.ts';
import { WakeRequests } from '../../src/controller/sleep/wake-requests.ts';
import type { DecisionMode } from '../../src/history/decision-record.ts';
import type { KisimError } from '../../src/util/errors.ts';
import { recordingLogger } from './open-history.ts';
import { PlayedLeadership, PlayedPause } from './played-placement.ts';
import { PlayedTime } from './played-time.ts';
import { server } from './random-cluster.ts';

/** A machine and its node object, as they are. */
export interface TrueNode {
  readonly name: string;
  readonly type: number;
  uid: string;
  /** Whether the machine runs. */
  isOn: boolean;
  /** Until then it is booting. */
  upAt: number;
  isReady: boolean;
  readinessSince: number | undefined;
  isCordoned: boolean;
  isControlPlane: boolean;
  keepsAwake: boolean;
  isTainted: boolean;
  markText: string | undefined;
}

export function resident(pod: Pod, given: Partial<Resident> = {}): Resident {
  return {
    uid: `uid-${pod.id}`,
    namespace: 'shop',
    name: pod.name,
    ownerKinds: ['ReplicaSet'],
    isControlled: true,
    hasLocalStorage: false,
    keepsAwake: false,
    move: undefined,
    isOptedIn: true,
    isDeleting: false,
    createdUnixMilliseconds: 1_800_000_000_000,
    pod,
    ...given,
  };
}

/** A cluster of machines that sleep and wake, without a network: what is written is true at once, and told by `tell`. */
export class PlayedMachines implements NodeStates, NodeWrites, NodePower, Residents, Evictions {
  readonly nodes = new Map<string, TrueNode>();
  readonly pods = new Map<string, { resident: Resident; node: string | undefined }>();
  readonly evicted: string[] = [];
  /** Times at which each node was told to sleep or to wake. */
  readonly commands: { readonly at: number; readonly what: 'sleep' | 'wake'; readonly node: string }[] = [];
  readonly #time: PlayedTime;
  readonly #listeners = new Set<() => void>();
  #told: readonly NodeFacts[] = [];
  bootMilliseconds = 30_000;
  commandMilliseconds = 1_000;
  /** A node that has gone is told to be ready for so long. */
  silenceMilliseconds = 40_000;
  /** What a command comes to; undefined: it succeeds. */
  fails: (what: 'sleep' | 'wake', node: string) => { error: KisimError; isHalfDone: boolean } | undefined =
    () => undefined;
  refuses: (change: MarkChange, node: string) => MarkResult | undefined = () => undefined;
  isProtected: (pod: Resident) => boolean = () => false;
  onEvicted: (pod: Resident) => void = () => undefined;

  constructor(time: PlayedTime) {
    this.#time = time;
  }

  add(name: string, given: Partial<TrueNode> = {}): TrueNode {
    const node: TrueNode = {
      name,
      type: 2,
      uid: `node-uid-${name}`,
      isOn: true,
      upAt: 0,
      isReady: true,
      readinessSince: undefined,
      isCordoned: false,
      isControlPlane: false,
      keepsAwake: false,
      isTainted: false,
      markText: undefined,
      ...given,
    };
    this.nodes.set(name, node);
    return node;
  }

  stateOf(name: string): SleepState | undefined {
    const mark = parseMark(this.nodes.get(name)!.markText);
    return mark === 'unreadable' ? undefined : mark?.state;
  }

  states(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.nodes.keys()].map((name) => [name, this.stateOf(name) ?? '-']));
  }

  run(pod: Resident, node: string | undefined): void {
    this.pods.set(pod.uid, { resident: pod, node });
  }

  /** The machines as time goes by, and what the control plane notices of them. */
  tick(): void {
    const { now } = this.#time;
    for (const node of this.nodes.values()) {
      const isUp = node.isOn && now >= node.upAt;
      if (isUp && !node.isReady) this.#ready(node, true);
      if (!isUp && node.isReady && now - (this.#offSince.get(node.name) ?? now) >= this.silenceMilliseconds)
        this.#ready(node, false);
    }
  }

  readonly #offSince = new Map<string, number>();

  switchOff(node: TrueNode): void {
    if (!node.isOn) return;
    node.isOn = false;
    this.#offSince.set(node.name, this.#time.now);
  }

  switchOn(node: TrueNode): void {
    if (node.isOn) return;
    node.isOn = true;
    node.upAt = this.#time.now + this.bootMilliseconds;
    this.#offSince.delete(node.name);
  }

  #ready(node: TrueNode, isReady: boolean): void {
    node.isReady = isReady;
    node.readinessSince = this.#time.unixMilliseconds();
  }

  /** The watch tells what is true now. */
  tell(): void {
    this.#told = [...this.nodes.values()].map((node) => this.#facts(node));
    for (const listener of this.#listeners) listener();
  }

  #facts(node: TrueNode): NodeFacts {
    const {
      name,
      uid,
      isCordoned,
      isReady,
      readinessSince,
      isControlPlane,
      keepsAwake,
      isTainted,
      markText,
    } = node;
    return {
      name,
      uid,
      isCordoned,
      isReady,
      readinessSince,
      heardAt: undefined,
      isControlPlane,
      keepsAwake,
      isTainted,
      mark: parseMark(markText),
      markText,
    };
  }

  list(): Iterable<NodeFacts> {
    return this.#told;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async mark({ name }: NodeFacts, change: MarkChange, signal: AbortSignal): Promise<MarkResult> {
    const refused = this.refuses(change, name);
    if (refused !== undefined) return refused;
    await this.#pass(20);
    const node = this.nodes.get(name);
    if (signal.aborted) return { outcome: 'not-leader' };
    if (node === undefined) return { outcome: 'gone' };
    const { state } = markOf({ mark: parseMark(node.markText) }) ?? {};
    const ownsCordon = state !== undefined && state !== 'awake';
    if (node.markText !== change.expected) return { outcome: 'changed' };
    if (change.mark === undefined) {
      node.markText = undefined;
      return { outcome: 'written' };
    }
    if (change.cordoned && node.isCordoned && !ownsCordon) return { outcome: 'changed' };
    node.markText = formatMark(change.mark);
    node.isCordoned = change.cordoned;
    return { outcome: 'written' };
  }

  sleep(name: string, signal: AbortSignal): Promise<PowerResult> {
    return this.#command('sleep', name, signal, (node) => this.switchOff(node));
  }

  wake(name: string, signal: AbortSignal): Promise<PowerResult> {
    return this.#command('wake', name, signal, (node) => this.switchOn(node));
  }

  async #command(
    what: 'sleep' | 'wake',
    name: string,
    signal: AbortSignal,
    work: (node: TrueNode) => void,
  ): Promise<PowerResult> {
    this.commands.push({ at: this.#time.now, what, node: name });
    await this.#pass(this.commandMilliseconds);
    const error = sleepErrors.KISIM_E_SLEEP_FAILED('called off');
    if (signal.aborted) return { ok: false, error, isHalfDone: true };
    const failed = this.fails(what, name);
    if (failed !== undefined) return { ok: false, ...failed };
    work(this.nodes.get(name)!);
    return { ok: true };
  }

  byNode(): ReadonlyMap<string, readonly Resident[]> {
    const byNode = new Map<string, Resident[]>();
    for (const { resident: pod, node } of this.pods.values()) {
      if (node === undefined) continue;
      byNode.set(node, [...(byNode.get(node) ?? []), pod]);
    }
    return byNode;
  }

  async readOn(node: string): Promise<readonly Resident[]> {
    await this.#pass(5);
    return this.byNode().get(node) ?? [];
  }

  async evict(
    pod: Pick<Resident, 'uid'>,
    { dryRun, signal }: { readonly dryRun: boolean; readonly signal: AbortSignal },
  ): Promise<EvictResult> {
    await this.#pass(5);
    if (signal.aborted) return { outcome: 'not-leader' };
    const found = this.pods.get(pod.uid);
    if (found === undefined) return { outcome: 'gone' };
    if (this.isProtected(found.resident)) return { outcome: 'blocked', retryAfterMilliseconds: 1000 };
    if (dryRun) return { outcome: 'evicted' };
    this.pods.delete(pod.uid);
    this.evicted.push(found.resident.name);
    this.onEvicted(found.resident);
    return { outcome: 'evicted' };
  }

  #pass(milliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#time.after(milliseconds, resolve);
    return promise;
  }
}

export const MINUTE = 60_000;

export interface SleepGiven {
  readonly rules?: Partial<SleepRules>;
  readonly mode?: DecisionMode;
  readonly identity?: string;
}

/** Machines, a book that follows them, and sleepers on them. */
export function playedSleep() {
  const time = new PlayedTime();
  const machines = new PlayedMachines(time);
  const { log, events } = recordingLogger();

  const sleeper = (given: SleepGiven = {}) => {
    const book = new LiveCluster();
    const requests = new WakeRequests();
    const leadership = new PlayedLeadership(true);
    const paused = new PlayedPause(undefined);
    const identity = given.identity ?? 'host-1#1';
    const toldPods = new Map<string, string>();
    let nodesText = '';
    /** What the watch of placement would tell the book. */
    const follow = () => {
      const nodes = [...machines.list()].map((facts) => ({
        ...server(facts.name, machines.nodes.get(facts.name)?.type ?? 2),
        ...(facts.isCordoned ? { unschedulable: true } : {}),
        ...(facts.isReady
          ? {}
          : { taints: [{ key: 'node.kubernetes.io/not-ready', value: '', effect: 'NoSchedule' as const }] }),
      }));
      const text = JSON.stringify(nodes);
      if (text !== nodesText) book.setNodes(nodes);
      nodesText = text;
      for (const [uid, { resident: pod, node }] of machines.pods) {
        if (node === undefined || toldPods.get(uid) === node) continue;
        toldPods.set(uid, node);
        book.bound(uid, pod.pod, node);
      }
      for (const uid of toldPods.keys()) {
        if (machines.pods.has(uid)) continue;
        toldPods.delete(uid);
        book.gone(uid);
      }
    };
    const evicted: string[] = [];
    const news: string[] = [];
    const made = new NodeSleeper({
      nodes: machines,
      residents: machines,
      unplaced: () =>
        [...machines.pods].flatMap(([uid, { resident: pod, node }]) =>
          node === undefined && !requests.nodes.has(uid) ? [{ uid, pod: pod.pod }] : [],
        ),
      writes: machines,
      evictions: machines,
      power: machines,
      book,
      requests,
      leadership,
      paused,
      time,
      log,
      mode: given.mode ?? 'act',
      rules: {
        emptyMilliseconds: () => 5 * MINUTE,
        wakeMilliseconds: () => 30_000,
        minimumAwakeMilliseconds: 10 * MINUTE,
        minimumAsleepMilliseconds: 10 * MINUTE,
        wakeTimeoutMilliseconds: 2 * MINUTE,
        spareNodes: 0,
        drain: false,
        restores: false,
        ownNode: 'elsewhere',
        ownNamespace: 'kisimd',
        ...given.rules,
      },
      decidedBy: () => identity,
      evicted: (pod) => void evicted.push(pod.name),
      told: ({ name }, { what }) => void news.push(`${name} ${what}`),
    });
    return { sleeper: made, book, requests, leadership, paused, follow, evicted, news };
  };

  /** Plays time second by second, with machines and watches. */
  const play = async (milliseconds: number, ...worlds: readonly { readonly follow: () => void }[]) => {
    for (let left = milliseconds; left > 0; left -= 1000) {
      machines.tick();
      machines.tell();
      for (const { follow } of worlds) follow();
      await time.play(Math.min(1000, left));
    }
  };
  return { time, machines, log, events, sleeper, play };
}
