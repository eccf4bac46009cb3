import type { Node } from '../../cluster/node.ts';
import type { Pod, PodScheduling } from '../../cluster/pod.ts';
import type { StoredPodRun } from '../../history/cluster-reader.ts';
import type { WorkItem, Workload } from '../../simulation/workload.ts';
import type { Milliseconds } from '../../util/units.ts';
import { Pinned } from './pinned.ts';

type Seconds = number;

export interface RebuildOptions {
  readonly from: Milliseconds;
  readonly to: Milliseconds;
  readonly nodes: readonly Node[];
  /** Pods that ran at the beginning stay where they were; otherwise every rule places them anew. */
  readonly keepRunning: boolean;
  /** Share of its request that a pod uses of which nothing was metered. */
  readonly assumedUse: number;
}

export interface RebuiltCounts {
  readonly pods: number;
  readonly ranAtStart: number;
  /** Placed by the rules; all others stay where they ran. */
  readonly placeable: number;
  /** Could have been placed, but what they ask of nodes is not known. */
  readonly unknownConstraints: number;
  /** Their real use is known. */
  readonly metered: number;
  /** Their end was not seen. */
  readonly guessedEnds: number;
  /** Never had a node while somebody looked: left out. */
  readonly neverRan: number;
  /** On nodes that are not part of the stretch: left out. */
  readonly elsewhere: number;
}

/** What ran, three times: for the model's own check, as it was, and to be placed anew. */
export interface Rebuilt {
  /** Every pod on its node from when it had it to its end: what the meter saw. */
  readonly seen: Workload;
  /** Every pod on its node, from its creation on: what rules are compared with. */
  readonly asItWas: Workload;
  readonly anew: Workload;
  /** Seconds from creation to having a node, of pods that came in the stretch, where it was seen. */
  readonly waits: Float64Array;
  readonly counts: RebuiltCounts;
}

interface Life {
  readonly run: StoredPodRun;
  readonly node: Node;
  /** Seconds since the beginning of the stretch. */
  readonly created: Seconds;
  readonly begin: Seconds;
  /** Infinity: runs on. */
  readonly end: Seconds;
}

/** Makes workloads of the pods that were there between two times. */
export function rebuild(runs: readonly StoredPodRun[], options: RebuildOptions): Rebuilt {
  const { from, to } = options;
  const nodes = new Map(options.nodes.map((node) => [node.name, node]));
  const lives: Life[] = [];
  let neverRan = 0;
  let elsewhere = 0;
  for (const run of runs) {
    const created = Math.max(0, run.createdUnixMilliseconds - from) / 1000;
    const begun = run.boundUnixMilliseconds ?? run.startedUnixMilliseconds ?? run.createdUnixMilliseconds;
    const end =
      run.endedUnixMilliseconds === undefined || run.endedUnixMilliseconds >= to
        ? Number.POSITIVE_INFINITY
        : (run.endedUnixMilliseconds - from) / 1000;
    const begin = Math.max(created, (begun - from) / 1000);
    if (run.createdUnixMilliseconds >= to || end <= 0 || begun >= to) continue;
    if (run.node === undefined) neverRan++;
    else if (end <= begin) continue;
    else {
      const node = nodes.get(run.node);
      if (node === undefined) elsewhere++;
      else lives.push({ run, node, created, begin, end });
    }
  }
  const windowSeconds = (to - from) / 1000;
  const make = new Items(options);
  const anew = lives.map((life) => make.anew(life, windowSeconds));
  const isFixed = ({ run, begin }: Life) => make.isFixed(run, begin);
  return {
    seen: workloadOf(
      lives.map((life) => make.seen(life)),
      windowSeconds,
    ),
    asItWas: workloadOf(
      lives.map((life, i) => make.asItWas(life, anew[i]!)),
      windowSeconds,
    ),
    anew: workloadOf(anew, windowSeconds),
    waits: waitsOf(lives),
    counts: {
      pods: lives.length,
      ranAtStart: lives.filter(({ begin }) => begin <= 0).length,
      placeable: lives.filter((life) => !isFixed(life)).length,
      unknownConstraints: lives.filter(
        ({ run, begin }) =>
          run.placeable && run.scheduling === undefined && !(begin <= 0 && options.keepRunning),
      ).length,
      metered: lives.filter(({ run }) => run.cpu !== undefined).length,
      guessedEnds: lives.filter(
        ({ run, end }) => run.endedAfterUnixMilliseconds !== undefined && end < windowSeconds,
      ).length,
      neverRan,
      elsewhere,
    },
  };
}

function waitsOf(lives: readonly Life[]): Float64Array {
  return Float64Array.from(
    lives.flatMap(({ run, begin }) =>
      begin > 0 && run.boundUnixMilliseconds !== undefined
        ? [Math.max(0, run.boundUnixMilliseconds - run.createdUnixMilliseconds) / 1000]
        : [],
    ),
  );
}

class Items {
  readonly #o: RebuildOptions;
  readonly #pinned = new Pinned();
  readonly #stripped = new WeakMap<object, PodScheduling>();
  readonly #shapes = new Map<string, number>();
  readonly #schedulings = new Map<PodScheduling | undefined, number>();

  constructor(options: RebuildOptions) {
    this.#o = options;
  }

  /** Whether a pod stays where it ran, whatever the rule. */
  isFixed(run: StoredPodRun, begin: Seconds): boolean {
    return !run.placeable || run.scheduling === undefined || (begin <= 0 && this.#o.keepRunning);
  }

  seen({ run, node, begin, end }: Life): WorkItem {
    return {
      ...this.#common(run, begin),
      pod: this.#weightless(run, node.name),
      kind: 'service',
      seconds: end - begin,
    };
  }

  anew({ run, node, created, begin, end }: Life, windowSeconds: Seconds): WorkItem {
    const fixed = this.isFixed(run, begin);
    const arrival = begin <= 0 ? 0 : fixed ? begin : created;
    const life = end - begin;
    const isBatch = run.owner === 'Job' && end < Number.POSITIVE_INFINITY;
    // Alone on a node of speed 1, so that the same work takes as long as it took where it ran.
    const seconds = isBatch ? life * (node.speed ?? 1) : life;
    const latest = windowSeconds - arrival - life;
    // Slack beyond the end would have pods that run on counted for longer than they were watched.
    const slackSeconds = fixed || begin <= 0 ? 0 : Math.max(0, Math.min(run.slackSeconds, latest));
    return {
      ...this.#common(run, arrival),
      pod: {
        ...this.#pod(run, fixed ? this.#pinned.to(node.name) : this.#withoutNode(run.scheduling!)),
        slackSeconds,
      },
      kind: isBatch ? 'batch' : 'service',
      seconds,
    };
  }

  asItWas({ run, node }: Life, anew: WorkItem): WorkItem {
    const { slackSeconds } = anew.pod;
    return { ...anew, pod: { ...this.#weightless(run, node.name), slackSeconds } };
  }

  #common(run: StoredPodRun, arrivalSeconds: Seconds) {
    const { cpu, cpuMilli } = run;
    // Microseconds of CPU a millisecond are milli-cores.
    const useMilli =
      cpu === undefined || cpu.meteredMilliseconds <= 0
        ? cpuMilli * this.#o.assumedUse
        : cpu.usedMicroseconds / cpu.meteredMilliseconds;
    return { arrivalSeconds, useMilli, ...(arrivalSeconds <= 0 ? { prefill: true } : {}) };
  }

  /** It was on its node, so there was room: nothing is asked for, lest an end that was told late holds it up. */
  #weightless(run: StoredPodRun, node: string): Pod {
    return {
      ...this.#pod(run, this.#pinned.to(node)),
      cpuMilli: 0,
      memoryBytes: 0,
      extended: {},
      shape: -1,
    };
  }

  #pod(run: StoredPodRun, scheduling: PodScheduling | undefined): Pod {
    const { gpuCount = 0, gpuMilliEach = 1000, extended, cpuMilli, memoryBytes, namespace } = run;
    const shape = this.#shapeOf(
      scheduling,
      JSON.stringify([namespace, cpuMilli, memoryBytes, gpuCount, gpuMilliEach, extended]),
    );
    return {
      id: 0,
      name: run.pod,
      namespace,
      cpuMilli,
      memoryBytes,
      ...(gpuCount > 0 ? { gpu: { count: gpuCount, milliEach: gpuMilliEach, models: [] } } : {}),
      ...(extended === undefined ? {} : { extended }),
      // As the loop on a live cluster knows it.
      predictedCpuMilli: cpuMilli,
      predictedSeconds: run.expectedSeconds ?? Number.POSITIVE_INFINITY,
      slackSeconds: 0,
      shape,
      ...(scheduling === undefined ? {} : { scheduling }),
    };
  }

  #shapeOf(scheduling: PodScheduling | undefined, amounts: string): number {
    const which = this.#schedulings.get(scheduling) ?? this.#schedulings.size;
    this.#schedulings.set(scheduling, which);
    const key = `${which} ${amounts}`;
    const shape = this.#shapes.get(key) ?? this.#shapes.size;
    this.#shapes.set(key, shape);
    return shape;
  }

  /** Undefined: it asks for resources alone. */
  #withoutNode(scheduling: object): PodScheduling | undefined {
    if (Object.keys(scheduling).length === 0) return undefined;
    const known = this.#stripped.get(scheduling);
    if (known !== undefined) return known;
    const stripped: PodScheduling = { ...(scheduling as PodScheduling), nodeName: undefined };
    this.#stripped.set(scheduling, stripped);
    return stripped;
  }
}

/** In the order of arrival, those that ran before the beginning first; ids are the indices. */
function workloadOf(items: readonly WorkItem[], windowSeconds: Seconds): Workload {
  const order = items
    .map((item, i) => ({ item, i }))
    .sort(
      (a, b) => rank(a.item) - rank(b.item) || a.item.arrivalSeconds - b.item.arrivalSeconds || a.i - b.i,
    );
  return {
    items: order.map(({ item }, id) => ({ ...item, pod: { ...item.pod, id } })),
    windowSeconds,
  };
}

function rank({ prefill }: WorkItem): number {
  return prefill === true ? 0 : 1;
}
