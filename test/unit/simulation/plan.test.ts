import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node } from '../../../src/cluster/node.ts';
import { simulate } from '../../../src/simulation/engine.ts';
import type { SimulationOptions } from '../../../src/simulation/simulation.ts';
import { type ItemOptions, simInput, simNode, workItems } from '../../support/simulation-input.ts';

function refused(items: readonly ItemOptions[], code: string, message: RegExp, nodes = [simNode('a')]): void {
  let asked = 0;
  const policy = {
    name: 'never',
    start: () => ({ choose: () => asked++, explain: () => [] as const }),
  };
  assert.throws(() => simulate(simInput(nodes, workItems(...items), { policy })), { code, message });
  assert.equal(asked, 0, 'before anything runs');
}

const ok: ItemOptions = { arrivalSeconds: 10 };

test('a pod larger than every open node is refused by name', () => {
  const code = 'KISIM_E_SIM_POD_TOO_LARGE';
  refused([ok, { arrivalSeconds: 20, useMilli: 9000 }], code, /default\/pod-1 .*9000 milli-cores/);
  refused([{ pod: { memoryBytes: 2 ** 40 } }], code, /pod-0 .*1099511627776 bytes/);
  refused([{ pod: { gpu: { count: 1, milliEach: 1000, models: [] } } }], code, /pod-0 .*1 GPUs/);
  const cordoned = simNode('b', { cpuMilli: 16_000, unschedulable: true });
  refused([{ useMilli: 9000 }], code, /pod-0/, [simNode('a'), cordoned]);
});

test('times that go back, are negative or are not numbers are refused by the name of the pod', () => {
  const code = 'KISIM_E_SIM_WORKLOAD_INVALID';
  refused([{ arrivalSeconds: -1 }], code, /default\/pod-0 .*arrives at -1 s/);
  refused([{ arrivalSeconds: Number.NaN }], code, /pod-0 .*arrives at NaN s/);
  refused([ok, { arrivalSeconds: 9 }], code, /pod-1 .*arrives at 9 s, behind one of 10 s/);
  refused([{ arrivalSeconds: 1001 }], code, /pod-0 .*after the window/);
  refused([{ seconds: 0 }], code, /pod-0 .*takes 0 s/);
  refused([{ seconds: Number.NaN }], code, /pod-0 .*takes NaN s/);
  refused([{ seconds: Number.POSITIVE_INFINITY }], code, /pod-0 .*batch pod without an end/);
  refused([{ pod: { slackSeconds: -5 } }], code, /pod-0 .*slack of -5 s/);
  refused([{ pod: { slackSeconds: Number.POSITIVE_INFINITY } }], code, /pod-0 .*slack/);
});

test('items that contradict themselves are refused by the name of the pod', () => {
  const code = 'KISIM_E_SIM_WORKLOAD_INVALID';
  const rhythm = { amplitude: 0.5, periodSeconds: 100, phaseSeconds: 0 };
  refused([{ pod: { id: 7 } }], code, /pod-0 .*id 7/);
  refused([ok, { arrivalSeconds: 10, prefill: true }], code, /pod-1 .*prefilled/);
  refused(
    [{ prefill: true }, ok, { arrivalSeconds: 0, prefill: true }],
    code,
    /pod-2 .*behind one that is not/,
  );
  refused([{ useMilli: -1, pod: { cpuMilli: 1 } }], code, /pod-0 .*uses -1 milli-cores/);
  refused([{ gpuUse: 1.5 }], code, /pod-0 .*uses 1.5 of its GPUs/);
  refused([{ rhythm }], code, /pod-0 .*batch pod with a rhythm/);
  refused([{ kind: 'service', rhythm: { ...rhythm, amplitude: 2 } }], code, /pod-0 .*amplitude 2/);
  refused([ok], code, /node a has a speed of 0/, [simNode('a', { speed: 0 })]);
  const smt = { threadsPerCore: 2, secondThreadYield: 1.2 };
  refused([ok], code, /node a has 2 threads a core/, [simNode('a', { smt })]);
});

test('a node of unknown power is refused by name, never counted as nothing', () => {
  const code = 'KISIM_E_SIM_POWER_UNKNOWN';
  const { power: _, ...without } = simNode('dark');
  refused([ok], code, /node dark has no power curve/, [simNode('a'), without as Node]);
  const gpus = { count: 1, model: 'T4', power: undefined };
  refused([ok], code, /node g has GPUs of unknown power/, [simNode('g', { gpus })]);
});

test('options without meaning are refused', () => {
  const bad: readonly Partial<SimulationOptions>[] = [
    { tickSeconds: 0 },
    { tickSeconds: Number.NaN },
    { seriesSeconds: -1 },
    { sloSeconds: Number.NaN },
  ];
  for (const options of bad) {
    const input = simInput([simNode('a')], workItems(ok), { options });
    assert.throws(() => simulate(input), { code: 'KISIM_E_SIM_OPTIONS_INVALID' }, JSON.stringify(options));
  }
});
