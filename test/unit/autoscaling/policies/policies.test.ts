import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FixedPolicy } from '../../../../src/autoscaling/policies/fixed.ts';
import { HpaPolicy } from '../../../../src/autoscaling/policies/hpa.ts';
import { ThresholdPolicy } from '../../../../src/autoscaling/policies/threshold.ts';
import type { AutoscalingPolicy, ObservationField } from '../../../../src/autoscaling/policy.ts';
import { calmObservation } from '../../../support/autoscaling.ts';

const limits = { gpu: { min: 1, max: 10 }, cpu: { min: 1, max: 10 } };
const policies = (): readonly AutoscalingPolicy[] => [
  new FixedPolicy(2, 4),
  new HpaPolicy(limits),
  new ThresholdPolicy(limits),
];

for (const policy of policies()) {
  test(`${policy.name} says within its limits and gives a reason; the same again after a reset`, () => {
    const life = () => {
      policy.reset();
      return [0, 15, 30].map((atSeconds) => {
        const decision = policy.decide({ ...calmObservation, atSeconds, gpuReplicas: 10, cpuReplicas: 1 });
        for (const replicas of [decision.gpuReplicas, decision.cpuReplicas])
          assert.ok(Number.isInteger(replicas) && replicas >= 1 && replicas <= 10);
        assert.ok(decision.reason.length > 0);
        return { ...decision };
      });
    };
    assert.deepEqual(life(), life());
  });

  for (const field of policy.needs)
    test(`${policy.name} refuses to decide without ${field}`, () => {
      policy.reset();
      assert.throws(() => policy.decide({ ...calmObservation, [field]: undefined }), {
        code: 'KISIM_E_AUTOSCALE_METRIC',
        message: new RegExp(field === 'gpu' || field === 'cpu' ? `${field} backend` : field),
      });
    });

  test(`${policy.name} decides where only what it needs was measured`, () => {
    const fields = Object.keys(calmObservation) as (keyof typeof calmObservation)[];
    const others = fields.filter(
      (field) => field !== 'atSeconds' && !policy.needs.includes(field as ObservationField),
    );
    policy.reset();
    policy.decide({
      ...calmObservation,
      ...Object.fromEntries(others.map((field) => [field, undefined])),
    });
  });
}

test('an HPA without a utilization of ready pods stops; with no ready pod it stays', () => {
  const policy = new HpaPolicy(limits);
  policy.reset();
  const gpu = { ready: 2, unready: 0, unmeasured: 0, utilizationPercent: undefined };
  assert.throws(() => policy.decide({ ...calmObservation, gpu }), { code: 'KISIM_E_AUTOSCALE_METRIC' });
  const starting = { ready: 0, unready: 3, unmeasured: 0, utilizationPercent: undefined };
  assert.equal(policy.decide({ ...calmObservation, gpu: starting }).gpuReplicas, 3);
});

test('both HPAs follow their own backend, and what is outside of the limits is brought back', () => {
  const policy = new HpaPolicy(limits);
  policy.reset();
  const busy = { ready: 3, unready: 0, unmeasured: 0, utilizationPercent: 100 };
  const decision = policy.decide({ ...calmObservation, cpu: busy });
  assert.deepEqual([decision.gpuReplicas, decision.cpuReplicas], [3, 5]);
  const beyond = policy.decide({ ...calmObservation, atSeconds: 15, gpuReplicas: 14 });
  assert.equal(beyond.gpuReplicas, 10);
});

test('thresholds go one up when used or late, one down when idle, and stay between', () => {
  const policy = new ThresholdPolicy(limits);
  const said = (change: Partial<typeof calmObservation>) => {
    const { gpuReplicas, cpuReplicas } = policy.decide({ ...calmObservation, ...change });
    return [gpuReplicas, cpuReplicas];
  };
  assert.deepEqual(said({}), [3, 3]);
  assert.deepEqual(said({ gpuUtilizationPercent: 90, cpuUtilizationPercent: 10 }), [4, 2]);
  assert.deepEqual(said({ latencyP95Milliseconds: 900, cpuUtilizationPercent: 10 }), [4, 4]);
  assert.deepEqual(said({ gpuUtilizationPercent: 99, gpuReplicas: 10 }), [10, 3]);
});
