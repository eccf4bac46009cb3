import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { policyByName } from '../../../../src/policy/registry.ts';
import { admissionByName } from '../../../../src/queueing/admission-by-name.ts';
import { queueCluster } from '../../../../src/queueing/clusters.ts';
import { imitate, reservingDecisions } from '../../../../src/queueing/learned/imitation.ts';
import { LearnedAdmission, viewByName } from '../../../../src/queueing/learned/learned-admission.ts';
import { loadQueueModel, queueModel } from '../../../../src/queueing/learned/model.ts';
import { SKRUEUE_WEIGHTS } from '../../../../src/queueing/learned/rewards.ts';
import { defaultScenario, episodeOf, type QueueScenario } from '../../../../src/queueing/learned/scenario.ts';
import { queueLearner } from '../../../../src/queueing/learned/training.ts';
import { ROW_WIDTH, ROWS } from '../../../../src/queueing/policies/job-rows.ts';
import { reservingPolicy } from '../../../../src/queueing/policies/reserving.ts';
import type { AdmissionPolicy, QueueState } from '../../../../src/queueing/policy.ts';
import { simulateQueue } from '../../../../src/queueing/simulated/simulate-queue.ts';
import { DEFAULT_ESTIMATES } from '../../../../src/queueing/workload/generate.ts';
import { strategyByName } from '../../../../src/queueing/workload/strategies.ts';
import { defaultTemplates } from '../../../../src/queueing/workload/templates.ts';

const nodes = queueCluster('skrueue', false);
const scenario: QueueScenario = {
  ...defaultScenario,
  nodes,
  placement: 'efficiency-first',
  strategies: [strategyByName('uniform')],
  loads: [0.9, 0.9],
  templates: defaultTemplates,
  estimates: DEFAULT_ESTIMATES,
  days: 0.5,
};
const request = {
  algorithm: 'ppo',
  state: 'own',
  seed: 1,
  steps: 4096,
  energyWeight: 0.01,
  weights: SKRUEUE_WEIGHTS,
} as const;

const imitated = () =>
  imitate(reservingDecisions([episodeOf(scenario, 1), episodeOf(scenario, 2)]), {
    hidden: [16],
    seed: 1,
    steps: 600,
  });

const describedBy = (parameters: Float32Array) => ({
  network: { inputs: ROW_WIDTH, hidden: [16], outputs: 1, activation: 'relu' as const, parameters },
  actions: [ROWS],
  masked: true,
  entities: ROWS,
  dueling: false,
  quantiles: 0,
});

describe('a learned admission', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kisimd-queue-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('a network that imitates the rule decides nearly as it does, and its model file does the same to the bit', () => {
    const { parameters, agreement } = imitated();
    assert.ok(agreement > 0.85, `agrees in ${agreement}`);
    const description = describedBy(parameters);
    const direct = new LearnedAdmission('direct', viewByName('own'), description);
    const model = queueModel('ppo', 'own', description);
    const path = join(folder, 'model.onnx');
    writeFileSync(path, model.onnx);
    const situation = episodeOf(scenario, 3);
    const times = simulateQueue(situation, direct, 1).times;
    assert.deepEqual(simulateQueue(situation, loadQueueModel(path), 1).times, times);
    assert.deepEqual(simulateQueue(situation, admissionByName(`model:${path}`), 1).times, times);
    assert.ok(times.endSeconds.every(Number.isFinite));
  });

  test('says what it was shown of the job that it takes', () => {
    const learned = new LearnedAdmission('l', viewByName('own'), describedBy(imitated().parameters));
    let explained = 0;
    const asking: AdmissionPolicy = {
      name: 'asking',
      reset: () => learned.reset(),
      get podsPerNode() {
        return learned.podsPerNode;
      },
      explain: (state, index) => learned.explain(state, index),
      choose: (state: QueueState) => {
        const choice = learned.choose(state);
        if (choice >= 0 && explained++ < 20) {
          const reasons = learned.explain(state, choice);
          assert.equal(reasons[0]!.term, 'value');
          assert.ok(reasons.some(({ term }) => term === 'estimate (log)'));
        }
        return choice;
      },
    };
    simulateQueue(episodeOf(scenario, 4), asking, 1);
    assert.ok(explained > 20);
  });

  test('a file of something else is refused', () => {
    const path = join(folder, 'other.onnx');
    const small = { ...describedBy(new Float32Array(1)), actions: [2], entities: 1 };
    const network = {
      inputs: 3,
      hidden: [],
      outputs: 2,
      activation: 'relu' as const,
      parameters: new Float32Array(8),
    };
    writeFileSync(path, queueModel('ppo', 'own', { ...small, network }).onnx);
    assert.throws(() => loadQueueModel(path), {
      code: 'KISIM_E_QUEUE_MODEL',
      message: /3 numbers and 2 options/,
    });
    writeFileSync(path, queueModel('ppo', 'hers', { ...small, network }).onnx);
    assert.throws(() => loadQueueModel(path), { code: 'KISIM_E_QUEUE_OPTIONS' });
    writeFileSync(path, 'no model');
    assert.throws(() => loadQueueModel(path), { code: /KISIM_E_/ });
    assert.throws(() => admissionByName('ppoo'), { code: 'KISIM_E_QUEUE_POLICY_UNKNOWN' });
  });
});

test('the rule keeps the room of its reservation free', () => {
  // The same decisions from what it recorded for imitation and from itself.
  const situation = episodeOf(scenario, 5);
  const data = reservingDecisions([situation]);
  assert.ok(data.rows > 100);
  for (let row = 0; row < data.rows; row++) assert.equal(data.masks![row * ROWS + data.actions[row]!], 1);
  const { times } = simulateQueue(
    { ...situation, placement: policyByName('efficiency-first') },
    reservingPolicy(),
    1,
  );
  assert.ok(times.endSeconds.every(Number.isFinite));
});

for (const [algorithm, state] of [
  ['ppo', 'own'],
  ['a2c', 'own'],
  ['dqn', 'own'],
  ['a2c', 'skrueue'],
  ['dqn', 'skrueue'],
] as const)
  test(`${algorithm} learns with the state ${state}, and goes on from a checkpoint with the same bits`, () => {
    const make = () => queueLearner({ ...request, algorithm, state, steps: 300 }, { ...scenario, days: 0.2 });
    const steps = algorithm === 'ppo' ? 1 : 150;
    const whole = make();
    whole.agent.trainUntil(steps);
    const saved = whole.agent.save();
    whole.agent.trainUntil(whole.agent.steps + steps);
    const resumed = make();
    resumed.agent.restore(saved);
    resumed.agent.trainUntil(resumed.agent.steps + steps);
    assert.deepEqual(resumed.network(), whole.network());
    const model = queueModel(algorithm, state, whole.network());
    assert.equal(model.sha256, queueModel(algorithm, state, resumed.network()).sha256);
  });
