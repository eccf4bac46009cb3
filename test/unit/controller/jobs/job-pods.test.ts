import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JobPods } from '../../../../src/controller/jobs/job-pods.ts';
import { kubePod } from '../../../support/kube-objects.ts';
import { PlayedPods, pendingPod } from '../../../support/played-placement.ts';

const JOB = 'batch.kubernetes.io/controller-uid';

function followed() {
  const pods = new PlayedPods();
  const bound: string[] = [];
  const follower = new JobPods(pods, {
    isStarted: (uid) => uid === 'ours',
    bound: (uid, node) => void bound.push(`${uid} on ${node}`),
  });
  follower.start();
  const comes = (id: number, labels: Readonly<Record<string, string>>) =>
    pods.tell(pendingPod(id, { isGated: false, pod: kubePod(id, { labels }) }));
  return { pods, bound, follower, comes };
}

test('pods of a started Job are told once they have their node', () => {
  const { pods, bound, comes } = followed();
  comes(0, { [JOB]: 'ours' });
  comes(0, { [JOB]: 'ours', changed: 'yes' });
  comes(1, { [JOB]: 'ours' });
  comes(2, { [JOB]: 'of-another' });
  comes(3, {});
  for (const id of [0, 2, 3]) pods.settle(`uid-${id}`, 'n1');
  pods.settle('uid-0', 'n1');
  assert.deepEqual(bound, ['ours on n1']);
});

test('a pod that is deleted before it has a node takes no place', () => {
  const { pods, bound, comes } = followed();
  comes(0, { [JOB]: 'ours' });
  pods.settle('uid-0');
  assert.deepEqual(bound, []);
});

test('nothing is told after the stop', () => {
  const { pods, bound, follower, comes } = followed();
  comes(0, { [JOB]: 'ours' });
  follower.stop();
  pods.settle('uid-0', 'n1');
  assert.deepEqual(bound, []);
});
