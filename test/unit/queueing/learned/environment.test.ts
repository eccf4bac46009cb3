import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { policyByName } from '../../../../src/policy/registry.ts';
import { QueueEnvironment } from '../../../../src/queueing/learned/environment.ts';
import { viewByName } from '../../../../src/queueing/learned/learned-admission.ts';
import { SKRUEUE_WEIGHTS, skrueueReward, slowdownReward } from '../../../../src/queueing/learned/rewards.ts';
import { SKRUEUE_SIZE } from '../../../../src/queueing/learned/skrueue-view.ts';
import { admissionByName } from '../../../../src/queueing/policies/registry.ts';
import type { AdmissionPolicy } from '../../../../src/queueing/policy.ts';
import { simulateQueue } from '../../../../src/queueing/simulated/simulate-queue.ts';
import { checkEnvironment } from '../../../support/check-environment.ts';
import { coreNodes, queueJobs, queueSituation, randomQueue } from '../../../support/queue-jobs.ts';

const nodes = coreNodes(3, 6);
const situation = (seed: number) => {
  const queue = randomQueue(seed % 1000, 2);
  return {
    ...queueSituation(queue.nodes, queue.workload),
    placement: policyByName('best-fit', { ties: 'lexicographic' }),
  };
};

for (const state of ['own', 'skrueue'])
  test(`the environment with the state ${state} passes the battery`, () => {
    checkEnvironment(
      () =>
        new QueueEnvironment({
          situation,
          view: viewByName(state),
          reward: () => (state === 'own' ? slowdownReward(nodes, 0.5) : skrueueReward()),
        }),
    );
  });

/** Always the first valid option; sums what it earns. */
function earned(environment: QueueEnvironment, seed: number): number {
  const observation = new Float32Array(environment.observationSize);
  const mask = new Uint8Array(environment.actions[0]!);
  environment.reset(observation, seed);
  const action = new Int32Array(1);
  for (let sum = 0; ; ) {
    environment.writeMask(mask);
    action[0] = mask.indexOf(1);
    const { reward, terminated } = environment.step(action, observation);
    sum += reward;
    if (terminated) return sum;
  }
}

test('the own reward of an episode is the sum of the slowdowns that waiting makes', () => {
  const { nodes: ours, workload } = randomQueue(7, 1);
  const one = queueSituation(ours, workload);
  const view = viewByName('skrueue');
  const environment = new QueueEnvironment({
    situation: () => one,
    view,
    reward: () => slowdownReward(ours, 0),
  });
  const best = earned(environment, 1);
  const { times } = simulateQueue(one, admissionByName('first-fit'), 1);
  const sum = times.jobs.reduce(
    (total, job, i) => total + (times.admittedSeconds[i]! - job.arrivalSeconds) / Math.max(10, job.seconds),
    0,
  );
  assert.ok(Math.abs(best + sum) < 1e-6 * sum, `${best} and ${sum}`);
});

describe("SKRueue's state", () => {
  test('is its 67 numbers, with real utilisation', () => {
    let seen: Float32Array | undefined;
    const view = viewByName('skrueue');
    assert.equal(SKRUEUE_SIZE, 67);
    assert.equal(view.options, 11);
    const policy: AdmissionPolicy = {
      ...admissionByName('fifo'),
      choose: (state) => {
        if (state.nowSeconds === 1800) {
          seen = new Float32Array(67);
          const mask = new Uint8Array(11);
          view.read(state, seen, mask);
          assert.deepEqual([...mask], [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        }
        return admissionByName('fifo').choose(state);
      },
    };
    const GIB = 2 ** 30;
    const jobs = queueJobs(
      {
        cpuMilliPerPod: 5000,
        useMilliPerPod: 2500,
        memoryBytesPerPod: 16 * GIB,
        peakMemoryBytesPerPod: 8 * GIB,
        seconds: 7200,
      },
      {
        arrivalSeconds: 600,
        cpuMilliPerPod: 8000,
        memoryBytesPerPod: 32 * GIB,
        priority: 5,
        seconds: 3600,
        type: 'spark',
      },
      {
        arrivalSeconds: 1800,
        pods: 2,
        cpuMilliPerPod: 1000,
        memoryBytesPerPod: GIB,
        priority: 20,
        seconds: 99999,
        type: 'ml',
      },
    );
    simulateQueue(queueSituation(coreNodes(1, 8), { ...jobs, windowSeconds: 9000 }), policy, 1);
    const expected = [
      3 / 8,
      48 / 64,
      2.5 / 8,
      8 / 64,
      0.01,
      2.5 / 8,
      0,
      1,
      0.5,
      0.5,
      1 / 3,
      0.5,
      0.8,
      2 / 8,
      2 / 64,
      1,
      0,
      1,
      0.6,
    ];
    assert.deepEqual(
      [...seen!.subarray(0, expected.length)].map((value) => value.toFixed(5)),
      expected.map((value) => value.toFixed(5)),
    );
    assert.ok(seen!.subarray(expected.length).every((value) => value === 0));
  });

  test('without a measurement of what it holds it is an error, and no default', () => {
    const view = viewByName('skrueue');
    const { jobs } = queueJobs({});
    const situationOf = queueSituation(coreNodes(1, 4), queueJobs({}));
    simulateQueue(
      situationOf,
      {
        ...admissionByName('fifo'),
        choose: (state) => {
          const without = { ...pick(state), oomKillsLastHour: undefined };
          assert.throws(() => view.read(without, new Float32Array(67), new Uint8Array(11)), {
            code: 'KISIM_E_QUEUE_STATE',
            message: /memory/,
          });
          return 0;
        },
      },
      1,
    );
    assert.equal(jobs.length, 1);
  });

  test('its reward has the four parts with its weights, between -1 and 1', () => {
    assert.deepEqual(SKRUEUE_WEIGHTS, {
      throughput: 0.4,
      utilization: 0.3,
      wait_penalty: 0.2,
      failure_penalty: 0.1,
    });
    const at = (waiting: number, kills: number) =>
      ({
        jobs: Array.from({ length: waiting }, () => ({ arrivalSeconds: 0 })),
        kills,
        cpuUtilisation: 0.5,
        memoryUtilisation: 0.3,
      }) as never;
    const reward = skrueueReward();
    reward.begin(at(3, 0), 0);
    // One left the queue, use 0.4, the others have waited half an hour.
    assert.ok(Math.abs(reward.after(0, at(2, 0), 1800) - (0.4 + 0.3 * 0.4 - 0.2 * 0.5)) < 1e-12);
    assert.ok(Math.abs(reward.after(0, at(2, 1), 7200) - (0.12 - 0.2 - 0.1)) < 1e-12);
    assert.equal(reward.after(0, at(0, 40), 7200), -1);
  });
});

/** What a state shows, as a plain object. */
function pick(state: Parameters<AdmissionPolicy['choose']>[0]) {
  const { nowSeconds, jobs, fitsNow, running, cluster, cpuUtilisation, memoryUtilisation } = state;
  return { nowSeconds, jobs, fitsNow, running, cluster, cpuUtilisation, memoryUtilisation };
}
