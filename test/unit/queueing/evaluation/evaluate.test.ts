import assert from 'node:assert/strict';
import { test } from 'node:test';
import { policyByName } from '../../../../src/policy/registry.ts';
import { admissionByName } from '../../../../src/queueing/admission-by-name.ts';
import { evaluateQueue } from '../../../../src/queueing/evaluation/evaluate.ts';
import { queueReport } from '../../../../src/queueing/evaluation/report.ts';
import { evaluationText } from '../../../../src/queueing/evaluation/table.ts';
import { randomQueue } from '../../../support/queue-jobs.ts';

const { nodes } = randomQueue(4, 2);
const evaluated = (runs: number) =>
  evaluateQueue({
    nodes,
    cluster: 'test',
    placement: policyByName('best-fit', { ties: 'lexicographic' }),
    // Of one cluster: other seeds draw other ones.
    workloads: Array.from({ length: runs }, (_, run) => ({
      seed: run,
      make: () => {
        const { workload } = randomQueue(4, 2);
        const jobs = workload.jobs.map((job) => ({ ...job, seconds: job.seconds + run }));
        return { ...workload, jobs };
      },
    })),
    load: null,
    policies: ['fifo', 'sjf', 'ppo'].map(admissionByName),
    baselines: ['fifo'],
    seriesSeconds: 50,
  });

test('every policy meets the same jobs; differences are in pairs, with intervals from two runs on', async () => {
  const results = await evaluated(3);
  const [fifo, sjf] = results.policies;
  assert.deepEqual(Object.keys(fifo!.against), []);
  const own = sjf!.runs.map(
    ({ meanWaitSeconds }, i) => 100 * (meanWaitSeconds / fifo!.runs[i]!.meanWaitSeconds - 1),
  );
  const { mean, low, high } = sjf!.against['fifo']!.meanWaitSeconds;
  assert.ok(Math.abs(mean - own.reduce((a, b) => a + b) / 3) < 1e-9);
  assert.ok(low! < mean && mean < high!);
  const one = await evaluated(1);
  assert.equal(one.policies[1]!.against['fifo']!.meanWaitSeconds.low, null);
});

test('the shares of slowdowns fall, and begin at who waits at all', async () => {
  for (const { slowdownShares } of (await evaluated(2)).policies) {
    assert.ok(slowdownShares.every((share, i) => i === 0 || share <= slowdownShares[i - 1]!));
    assert.ok(slowdownShares[0]! > 0 && slowdownShares[0]! <= 1);
  }
});

test('the text and the page hold every policy and every seed', async () => {
  const results = await evaluated(2);
  const [text, page] = [evaluationText(results), queueReport(results, [['command', 'kisimd queue <x>']])];
  for (const word of ['fifo', 'sjf', 'ppo', 'sjf against fifo']) {
    assert.ok(text.includes(word), word);
    assert.ok(page.includes(word), word);
  }
  assert.match(text, /seeds 0 1/);
  assert.ok(page.includes('kisimd queue &lt;x&gt;'));
});
