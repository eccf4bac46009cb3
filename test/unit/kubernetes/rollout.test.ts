import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiDeployment } from '../../../src/kubernetes/api-objects.ts';
import { isRollingOut } from '../../../src/kubernetes/rollout.ts';

const done: Required<Pick<ApiDeployment, 'metadata' | 'spec' | 'status'>> = {
  metadata: { generation: 3 },
  spec: { replicas: 2 },
  status: { observedGeneration: 3, replicas: 2, updatedReplicas: 2, availableReplicas: 2 },
};

test('a Deployment is through when all its pods are new and available, and its controller has seen the template', () => {
  assert.equal(isRollingOut(done), false);
  assert.equal(isRollingOut({ ...done, metadata: { generation: 4 } }), true);
  for (const status of [{ updatedReplicas: 1 }, { replicas: 3 }, { availableReplicas: 1 }])
    assert.equal(
      isRollingOut({ ...done, status: { ...done.status, ...status } }),
      true,
      JSON.stringify(status),
    );
  assert.equal(isRollingOut({ ...done, spec: { replicas: 2, paused: true } }), true);
});

test('one that was just made, or has no pods', () => {
  assert.equal(isRollingOut({ metadata: { generation: 1 }, spec: { replicas: 2 } }), true);
  assert.equal(
    isRollingOut({ metadata: { generation: 1 }, spec: { replicas: 0 }, status: { observedGeneration: 1 } }),
    false,
  );
});
