import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, ContainerRequests, PodScheduling } from '../../../../src/cluster/pod.ts';
import { Demand, demandOf } from '../../../../src/policy/kube/demand.ts';
import { PLAIN_SCHEDULING } from '../../../../src/policy/kube/pod-shape.ts';

const MEBI = 2 ** 20;

function asks(
  cpuMilli?: number,
  mebi?: number,
  extended?: Readonly<Record<string, number>>,
): ContainerRequests {
  const memoryBytes = mebi === undefined ? undefined : mebi * MEBI;
  return { cpuMilli, memoryBytes, ...(extended ? { extended } : {}) };
}

function container(requests: ContainerRequests, sidecar?: boolean): Container {
  return { image: 'a', requests, hostPorts: [], ...(sidecar === undefined ? {} : { sidecar }) };
}

function pod(changes: Partial<PodScheduling>): PodScheduling {
  return { ...PLAIN_SCHEDULING, containers: [container(asks(100, 100))], ...changes };
}

interface Row {
  readonly of: string;
  readonly pod: PodScheduling;
  readonly cpu: readonly [booked: number, nonZero: number, scored: number];
  readonly mebi: readonly [booked: number, nonZero: number, scored: number];
}

const ROWS: readonly Row[] = [
  { of: 'one container', pod: pod({}), cpu: [100, 100, 100], mebi: [100, 100, 100] },
  {
    of: 'a container that names nothing beside one that does',
    pod: pod({ containers: [container(asks(300, 50)), container(asks())] }),
    cpu: [300, 400, 400],
    mebi: [50, 250, 250],
  },
  { of: 'an explicit 0', pod: pod({ containers: [container(asks(0, 0))] }), cpu: [0, 0, 0], mebi: [0, 0, 0] },
  {
    of: 'an init container that asks for more than the rest',
    pod: pod({ initContainers: [container(asks(700, 20))] }),
    cpu: [700, 700, 700],
    mebi: [100, 100, 100],
  },
  {
    of: 'sidecars run with all, and with the init containers after them',
    pod: pod({
      initContainers: [
        container(asks(50, 10), true),
        container(asks(200, 20)),
        container(asks(30, 500), true),
      ],
    }),
    cpu: [250, 250, 250],
    mebi: [610, 610, 610],
  },
  {
    of: 'overhead is added to all of it',
    pod: pod({ overhead: asks(20, 5) }),
    cpu: [120, 120, 120],
    mebi: [105, 105, 105],
  },
  {
    of: 'requests of the whole pod stand in for its containers, but not where the pod is scored',
    pod: pod({ podRequests: asks(900, 800), overhead: asks(10, 0) }),
    cpu: [910, 910, 110],
    mebi: [800, 800, 100],
  },
  {
    of: 'a whole pod that names CPU alone: memory that nobody names has its default',
    pod: pod({ containers: [container(asks()), container(asks())], podRequests: asks(900) }),
    cpu: [900, 900, 200],
    mebi: [0, 400, 400],
  },
  {
    of: 'a whole pod that names CPU alone: memory of one container is all there is',
    pod: pod({ containers: [container(asks(10, 30)), container(asks())], podRequests: asks(900) }),
    cpu: [900, 900, 110],
    mebi: [30, 30, 230],
  },
  {
    of: 'fractions round up once, over the sum',
    pod: pod({ containers: [container(asks(0.4, 1)), container(asks(0.4, 1))] }),
    cpu: [1, 1, 1],
    mebi: [2, 2, 2],
  },
];

for (const { of, pod: scheduling, cpu, mebi } of ROWS)
  test(`counts ${of}`, () => {
    const demand = demandOf(scheduling);
    assert.deepEqual([demand.cpu, demand.nonZeroCpu, demand.scoredCpu], cpu);
    assert.deepEqual(
      [demand.memory, demand.nonZeroMemory, demand.scoredMemory].map((bytes) => bytes / MEBI),
      mebi,
    );
  });

test('counts other resources, of the whole pod only huge pages', () => {
  const gpu = 'example.com/gpu';
  const pages = 'hugepages-2Mi';
  const demand = demandOf(
    pod({
      containers: [
        container(asks(1, 1, { [gpu]: 1, [pages]: 4 })),
        container(asks(1, 1, { [gpu]: 2, zero: 0 })),
      ],
      initContainers: [container(asks(1, 1, { 'ephemeral-storage': 7 }))],
      podRequests: asks(undefined, undefined, { [pages]: 10, [gpu]: 99 }),
    }),
  );
  assert.deepEqual(demand.extended, [
    ['ephemeral-storage', 7],
    [gpu, 3],
    [pages, 10],
  ]);
});

test('a pod without containers asks for what it says; nothing said has the defaults where it is scored', () => {
  const base = {
    id: 0,
    name: 'p',
    namespace: 'd',
    predictedCpuMilli: 0,
    predictedSeconds: 1,
    slackSeconds: 0,
  };
  const demand = new Demand().setPlain({ ...base, shape: -1, cpuMilli: 333.3, memoryBytes: 0 });
  assert.deepEqual(
    [
      demand.cpu,
      demand.nonZeroCpu,
      demand.scoredCpu,
      demand.memory,
      demand.nonZeroMemory,
      demand.scoredMemory,
    ],
    [333.3, 333.3, 333.3, 0, 200 * MEBI, 200 * MEBI],
  );
});
