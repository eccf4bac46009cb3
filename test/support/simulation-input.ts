import type { Node } from '../../src/cluster/node.ts';
import type { Pod } from '../../src/cluster/pod.ts';
import type { Candidates, Policy } from '../../src/policy/policy.ts';
import { LinearCurve } from '../../src/power-model/linear-curve.ts';
import { TableCurve } from '../../src/power-model/table-curve.ts';
import type { SimulationInput, SimulationOptions } from '../../src/simulation/simulation.ts';
import type { WorkItem } from '../../src/simulation/workload.ts';
import { RandomStream } from '../../src/util/rng.ts';

const GIB = 2 ** 30;

/** 10 W idle and 50 W full over 8 cores: 5 W a core. */
export const plainCurve = new LinearCurve(10, 50, 'synthetic');

export function simNode(name: string, more: Partial<Node> = {}): Node {
  return {
    name,
    labels: {},
    cpuMilli: 8000,
    memoryBytes: 64 * GIB,
    pods: 110,
    power: plainCurve,
    ...more,
  };
}

export interface ItemOptions extends Partial<Omit<WorkItem, 'pod'>> {
  readonly pod?: Partial<Pod>;
}

/** An item that asks for what it uses and is predicted as it is. Its id follows from where it stands in `workItems`. */
export function workItems(...each: readonly ItemOptions[]): readonly WorkItem[] {
  return each.map(({ pod, ...item }, id) => {
    const useMilli = item.useMilli ?? 1000;
    const seconds = item.seconds ?? 100;
    return {
      arrivalSeconds: 0,
      kind: 'batch',
      ...item,
      useMilli,
      seconds,
      pod: {
        id,
        name: `pod-${id}`,
        namespace: 'default',
        cpuMilli: useMilli,
        memoryBytes: GIB,
        predictedCpuMilli: useMilli,
        predictedSeconds: seconds,
        slackSeconds: 0,
        shape: -1,
        ...pod,
      },
    };
  });
}

export const plainOptions: SimulationOptions = {
  tickSeconds: 300,
  reconsider: 'tick',
  unplaced: 'queue',
  seriesSeconds: 0,
  sloSeconds: 60,
};

/** The first node that the pod fits. */
export const firstFit: Policy = {
  name: 'first',
  start: () => ({ choose: (_pod, { nodes }) => nodes[0]!, explain: () => [] }),
};

/** Any node that the pod fits. */
export const anyFit: Policy = {
  name: 'any',
  start: ({ random }) => ({
    choose: (_pod, { nodes, count }) => nodes[random.integer(count)]!,
    explain: () => [],
  }),
};

/** Chooses by a function of what it sees. */
export function choosing(choose: (pod: Pod, candidates: Candidates) => number, name = 'choosing'): Policy {
  return { name, start: () => ({ choose, explain: () => [] }) };
}

export function simInput(
  nodes: readonly Node[],
  items: readonly WorkItem[],
  more: {
    readonly policy?: Policy;
    readonly windowSeconds?: number;
    readonly seed?: number;
    readonly options?: Partial<SimulationOptions>;
  } = {},
): SimulationInput {
  return {
    nodes,
    workload: { items, windowSeconds: more.windowSeconds ?? 1000 },
    policy: more.policy ?? firstFit,
    seed: more.seed ?? 1,
    options: { ...plainOptions, ...more.options },
  };
}

/** What a random instance has in it beside batch pods and services of constant use. */
export interface RandomInstance {
  readonly sleep?: boolean;
  readonly smt?: boolean;
  readonly rhythm?: boolean;
  readonly slack?: boolean;
  readonly gpus?: boolean;
  readonly speed?: boolean;
  /** How much pods use of what they ask for, at most. Above 1 nodes are overloaded. */
  readonly use?: number;
  /** All times whole seconds, and nothing that slows pods down: every event is at a whole second. */
  readonly whole?: boolean;
  readonly nodes?: number;
  readonly pods?: number;
}

/** A small cluster and workload, busy enough that pods queue. */
export function randomInstance(
  seed: number,
  has: RandomInstance = {},
): { readonly nodes: readonly Node[]; readonly items: readonly WorkItem[]; readonly windowSeconds: number } {
  const random = new RandomStream(seed);
  const windowSeconds = 4000;
  const time = (seconds: number) => (has.whole === true ? Math.ceil(seconds) : seconds);
  const nodes = Array.from({ length: has.nodes ?? 1 + random.integer(4) }, (_, i) => {
    const idle = random.uniform(20, 60);
    const steps = Array.from({ length: 10 }, () => random.uniform(1, 20));
    let sum = idle;
    const watts = [idle, ...steps.map((step) => (sum += step))];
    return simNode(`node-${i}`, {
      cpuMilli: 1000 * (4 + random.integer(12)),
      memoryBytes: (8 + random.integer(32)) * GIB,
      power: new TableCurve(watts, 'synthetic'),
      ...(has.smt === true && random.next() < 0.7
        ? { smt: { threadsPerCore: 2, secondThreadYield: random.uniform(0, 0.5) } }
        : {}),
      ...(has.speed === true ? { speed: random.uniform(0.5, 1.5) } : {}),
      ...(has.gpus === true
        ? {
            gpus: {
              count: 1 + random.integer(4),
              model: 'T4',
              power: {
                idleWatts: 10,
                fullWatts: 70,
                law: random.next() < 0.5 ? ('proportional' as const) : ('full-when-used' as const),
              },
            },
          }
        : {}),
      ...(has.sleep === true && random.next() < 0.8
        ? {
            sleep: {
              sleepWatts: random.uniform(2, 9),
              emptySeconds: time(random.uniform(10, 200)),
              wakeSeconds: time(random.uniform(5, 100)),
              wakeWatts: random.uniform(30, 90),
            },
          }
        : {}),
    });
  });
  const largest = nodes.reduce((a, b) => (a.cpuMilli > b.cpuMilli ? a : b));
  const count = has.pods ?? 60;
  const prefilled = random.integer(4);
  const arrivals = Array.from({ length: count }, () => time(random.uniform(0, windowSeconds - 1)));
  arrivals.sort((a, b) => a - b);
  const items = Array.from({ length: count }, (_, id): ItemOptions => {
    const cpuMilli = 100 * (1 + random.integer(Math.floor(largest.cpuMilli / 150)));
    const kind = random.next() < 0.6 ? 'batch' : 'service';
    const useMilli = cpuMilli * random.uniform(0.2, has.use ?? 1);
    const rhythmic = has.rhythm === true && kind === 'service' && random.next() < 0.7;
    const gpu = has.gpus === true && random.next() < 0.5;
    const seconds = time(random.exponential(400) + 1);
    const slackSeconds = has.slack === true && random.next() < 0.6 ? time(random.uniform(0, 900)) : 0;
    return {
      arrivalSeconds: id < prefilled ? 0 : arrivals[id]!,
      ...(id < prefilled ? { prefill: true } : {}),
      kind,
      useMilli,
      seconds,
      ...(rhythmic
        ? {
            rhythm: {
              amplitude: random.uniform(0, 1),
              periodSeconds: 2000,
              phaseSeconds: 100 * random.integer(3),
            },
          }
        : {}),
      ...(gpu ? { gpuUse: random.uniform(0, 1) } : {}),
      pod: {
        cpuMilli,
        memoryBytes: random.uniform(0.1, 0.6) * largest.memoryBytes,
        predictedCpuMilli: useMilli * random.uniform(0.7, 1.3),
        predictedSeconds: seconds * random.uniform(0.5, 2),
        slackSeconds,
        ...(gpu
          ? {
              gpu: { count: 1, milliEach: random.next() < 0.5 ? 1000 : 250, models: [] as readonly string[] },
            }
          : {}),
      },
    };
  });
  return { nodes, items: workItems(...items), windowSeconds };
}
