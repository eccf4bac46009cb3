import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOSTNAME_LABEL } from '../../../src/cluster/labels.ts';
import type { PodAffinityTerm, PodScheduling } from '../../../src/cluster/pod.ts';
import { Simulation, simulate } from '../../../src/simulation/engine.ts';
import type { SimulationResult } from '../../../src/simulation/simulation.ts';
import { anyFit, choosing, simInput, simNode, workItems } from '../../support/simulation-input.ts';

function scheduling(more: Partial<PodScheduling> = {}): PodScheduling {
  return {
    labels: {},
    containers: [],
    initContainers: [],
    overhead: undefined,
    podRequests: undefined,
    imageVolumes: [],
    nodeSelector: {},
    nodeName: undefined,
    nodeAffinity: undefined,
    podAffinity: undefined,
    podAntiAffinity: undefined,
    tolerations: [],
    topologySpread: [],
    ownerSelector: undefined,
    priority: 0,
    ...more,
  };
}

function near(app: string): PodAffinityTerm {
  return {
    topologyKey: HOSTNAME_LABEL,
    selector: [{ key: 'app', operator: 'In', values: [app] }],
    namespaces: [],
    namespaceSelector: undefined,
    matchLabelKeys: [],
    mismatchLabelKeys: [],
  };
}

const labelled = (name: string) => simNode(name, { labels: { [HOSTNAME_LABEL]: name } });
const taint = { key: 'only', value: 'few', effect: 'NoSchedule' as const };
const apart = scheduling({ labels: { app: 'a' }, podAntiAffinity: { required: [near('a')], preferred: [] } });
const beside = scheduling({ podAffinity: { required: [near('a')], preferred: [] } });

test('no policy is offered a node whose taint the pod does not tolerate', () => {
  const items = workItems({}, { arrivalSeconds: 1, pod: { scheduling: scheduling() } });
  const seen: number[][] = [];
  const policy = choosing((_, { nodes, count }) => {
    seen.push([...nodes.subarray(0, count)]);
    return nodes[0]!;
  });
  simulate(simInput([simNode('a', { taints: [taint] }), simNode('b')], items, { policy }));
  assert.deepEqual(seen, [[1], [1]]);
  const stubborn = simInput([simNode('a', { taints: [taint] }), simNode('b')], items, {
    policy: choosing(() => 0),
  });
  assert.throws(() => simulate(stubborn), { code: 'KISIM_E_SIM_BAD_CHOICE' });
});

test('a pod that must be apart from another waits until that one has ended', () => {
  const items = workItems(
    { seconds: 100, pod: { scheduling: apart } },
    { arrivalSeconds: 10, seconds: 50, pod: { scheduling: apart } },
  );
  assert.deepEqual([...simulate(simInput([labelled('a')], items)).waits], [0, 90]);
});

test('a pod that must be beside another waits until that one has come', () => {
  const items = workItems(
    { seconds: 100, pod: { scheduling: beside } },
    { arrivalSeconds: 30, seconds: 50, pod: { scheduling: apart } },
  );
  const result = simulate(simInput([labelled('a'), labelled('b')], items));
  assert.deepEqual([...result.waits], [30, 0]);
});

test('a pod that nothing will ever allow is an error that names it, or is dropped', () => {
  const items = workItems({ seconds: 100 }, { arrivalSeconds: 30, pod: { scheduling: beside } });
  assert.throws(() => simulate(simInput([labelled('a')], items)), {
    code: 'KISIM_E_SIM_STUCK',
    message: /1 pods at 100 s, the first of them default\/pod-1/,
  });
  const dropping = simInput([labelled('a')], items, { options: { unplaced: 'drop' } });
  assert.equal(simulate(dropping).dropped, 1);
});

test('constrained runs are copied and resumed to the same bits', () => {
  const items = workItems(
    ...Array.from({ length: 80 }, (_, i) => ({
      arrivalSeconds: 10 * i,
      seconds: 20 + (i % 9) * 30,
      pod: { scheduling: i % 3 === 0 ? beside : i % 3 === 1 ? apart : scheduling() },
    })),
    { arrivalSeconds: 900, seconds: 5000, pod: { scheduling: apart } },
  );
  const input = simInput(['a', 'b', 'c'].map(labelled), items, { policy: anyFit });
  const bits = (result: SimulationResult) => JSON.stringify({ ...result, waits: [...result.waits] });
  const expected = simulate(input);
  assert.ok(expected.waits.some((wait) => wait > 0));
  for (const stop of [0, 137, 500, 905]) {
    const simulation = new Simulation(input);
    simulation.advance(stop);
    const resumed = Simulation.resume(JSON.parse(JSON.stringify(simulation.snapshot())), input);
    for (const each of [simulation, resumed]) {
      each.advance();
      assert.equal(bits(each.result()), bits(expected), `at ${stop}`);
    }
  }
});
