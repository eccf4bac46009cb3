import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DURATION_ANNOTATION, SLACK_ANNOTATION } from '../../../src/kubernetes/names.ts';
import { podHints } from '../../../src/kubernetes/pod-hints.ts';
import { podOf } from '../../support/random-cluster.ts';

const pod = podOf(1, { slackSeconds: 0, predictedSeconds: Number.POSITIVE_INFINITY });
const hinted = (annotations?: Readonly<Record<string, string>>) =>
  podHints(pod, annotations === undefined ? {} : { metadata: { annotations } });

test('a pod says by annotations how long it may be held back and how long it runs', () => {
  assert.equal(hinted({ [SLACK_ANNOTATION]: '30m' }).slackSeconds, 1800);
  assert.equal(hinted({ [DURATION_ANNOTATION]: '1h30m' }).predictedSeconds, 5400);
  assert.deepEqual(hinted({ [SLACK_ANNOTATION]: '1m', [DURATION_ANNOTATION]: '2h' }), {
    ...pod,
    slackSeconds: 60,
    predictedSeconds: 7200,
  });
});

test('what is no duration says nothing', () => {
  for (const text of ['', '30', 'soon', '-5m']) assert.deepEqual(hinted({ [SLACK_ANNOTATION]: text }), pod);
  assert.equal(hinted(), pod);
  assert.equal(hinted({}), pod);
});
