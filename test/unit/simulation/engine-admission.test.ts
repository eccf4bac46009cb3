import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterState } from '../../../src/cluster/cluster-state.ts';
import { fits } from '../../../src/cluster/feasible.ts';
import type { Pod } from '../../../src/cluster/pod.ts';
import { UNDECIDED } from '../../../src/policy/policy.ts';
import { type Admission, type AdmissionRun, NOBODY } from '../../../src/simulation/admission.ts';
import { Simulation, simulate } from '../../../src/simulation/engine.ts';
import {
  plainOptions,
  randomInstance,
  simInput,
  simNode,
  workItems,
} from '../../support/simulation-input.ts';

const nothing = () => undefined;

/** Lets go whom a function of the held pods (in the order of their arrival) says. */
function admitting(
  next: (held: readonly number[], now: number, cluster: ClusterState) => number,
  more: Partial<AdmissionRun> = {},
): Admission {
  return {
    name: 'admitting',
    start: ({ cluster }) => {
      const held: number[] = [];
      return {
        arrived: (pod) => void held.push(pod),
        next: (now) => {
          const pod = next(held, now, cluster);
          if (pod >= 0 && held.includes(pod)) held.splice(held.indexOf(pod), 1);
          return pod;
        },
        narrow: (_pod, _nodes, count) => count,
        placed: nothing,
        started: nothing,
        ended: nothing,
        ...more,
      };
    },
  };
}

/** The first that fits anywhere: what the engine does by itself. */
const firstThatFits = (pods: readonly Pod[]) =>
  admitting((held, _now, cluster) => {
    const all = cluster.nodes.map((_, node) => node);
    return held.find((id) => all.some((node) => fits(cluster, pods[id]!, node))) ?? NOBODY;
  });

for (const has of [{}, { sleep: true }, { gpus: true, speed: true }] as const)
  test(`letting go whoever fits, by arrival, comes to the same bits as no admission: ${JSON.stringify(has)}`, () => {
    for (let seed = 0; seed < 20; seed++) {
      const { nodes, items, windowSeconds } = randomInstance(seed, has);
      const input = simInput(nodes, items, { windowSeconds });
      const plain = simulate(input);
      const held = simulate({ ...input, admission: firstThatFits(items.map(({ pod }) => pod)) });
      assert.deepEqual(held, plain);
    }
  });

test('pods begin when they are let go, in the order in which they are', () => {
  const items = workItems({ seconds: 10 }, { seconds: 10 }, { arrivalSeconds: 5, seconds: 10 });
  const lastFirst = admitting((held, now) => (now < 5 ? NOBODY : (held.at(-1) ?? NOBODY)));
  const nodes = [simNode('a', { cpuMilli: 1000 })];
  const oneAtATime = admitting((held, now, cluster) =>
    now >= 5 && cluster.podCount === 0 ? (held.at(-1) ?? NOBODY) : NOBODY,
  );
  assert.deepEqual([...simulate({ ...simInput(nodes, items), admission: oneAtATime }).waits], [25, 15, 0]);
  assert.throws(() => simulate({ ...simInput(nodes, items), admission: lastFirst }), {
    code: 'KISIM_E_SIM_ADMISSION',
    message: /pod-1 go at 5 s, which fits nowhere/,
  });
});

test('a pod goes only where the admission leaves it', () => {
  const nodes = [simNode('a'), simNode('b'), simNode('c')];
  const placed: number[] = [];
  const admission = admitting((held) => held[0] ?? NOBODY, {
    narrow: (_pod, list, count) => {
      let kept = 0;
      for (let i = 0; i < count; i++) if (list[i] !== 0) list[kept++] = list[i]!;
      return kept;
    },
    placed: (_pod, node) => void placed.push(node),
  });
  simulate({ ...simInput(nodes, workItems({}, {})), admission });
  assert.deepEqual(placed, [1, 1]);
});

test('an admission that is not decided stops the simulation, and the bits are the same', () => {
  const { nodes, items, windowSeconds } = randomInstance(3);
  const input = simInput(nodes, items, { windowSeconds });
  const plain = simulate(input);
  const inner = firstThatFits(items.map(({ pod }) => pod));
  let mayDecide = false;
  const admission: Admission = {
    name: inner.name,
    start: (context) => {
      const run = inner.start(context);
      return {
        ...run,
        next: (now, mayWait) => {
          if (!mayDecide) return UNDECIDED;
          mayDecide = false;
          return run.next(now, mayWait);
        },
      };
    },
  };
  const simulation = new Simulation({ ...input, admission });
  let stops = 0;
  while (!simulation.advance()) {
    assert.ok(simulation.isUndecided);
    stops++;
    mayDecide = true;
  }
  assert.ok(stops > items.length / 2);
  assert.deepEqual(simulation.result(), plain);
});

test('it is told that waiting has no end once nothing runs and nothing is to come', () => {
  const told: boolean[] = [];
  const admission: Admission = {
    ...admitting(() => NOBODY),
    start: (context) => ({
      ...admitting(() => NOBODY).start(context),
      next: (_now, mayWait) => {
        told.push(mayWait);
        return mayWait ? NOBODY : 0;
      },
    }),
  };
  const items = workItems({ seconds: 1 }, { arrivalSeconds: 7, seconds: 1 });
  assert.throws(() => simulate({ ...simInput([simNode('a')], items), admission }), {
    code: 'KISIM_E_SIM_ADMISSION',
  });
  assert.deepEqual(told, [true, false, true, false]);
});

test('an admission that never lets go, or lets go whom it does not hold, is an error that names it', () => {
  const items = workItems({});
  const input = simInput([simNode('a')], items, { options: plainOptions });
  assert.throws(() => simulate({ ...input, admission: admitting(() => NOBODY) }), {
    code: 'KISIM_E_SIM_STUCK',
  });
  assert.throws(() => simulate({ ...input, admission: admitting(() => 7) }), {
    code: 'KISIM_E_SIM_ADMISSION',
    message: /admitting let .*7 go/,
  });
});

test('a simulation with an admission can be neither copied nor saved', () => {
  const simulation = new Simulation({
    ...simInput([simNode('a')], workItems({})),
    admission: admitting(() => NOBODY),
  });
  assert.throws(() => simulation.clone(), { code: 'KISIM_E_SIM_HELD', message: /admitting/ });
  assert.throws(() => simulation.snapshot(), { code: 'KISIM_E_SIM_HELD' });
});
