import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSummary, summaryPath } from '../../../../src/kubernetes/energy/kubelet-summary.ts';

const at = Date.parse('2026-11-23T15:12:44Z');

test('counters are read with their own times, in the middle of the second that the kubelet tells', () => {
  const summary = readSummary({
    node: {
      nodeName: 'n1',
      cpu: { time: '2026-11-23T15:12:46Z', usageNanoCores: 1, usageCoreNanoSeconds: 24_413_460_829_390 },
      memory: { workingSetBytes: 2_147_483_648, usageBytes: 3_000_000_000 },
    },
    pods: [
      {
        podRef: { name: 'web-1', namespace: 'team', uid: 'u1' },
        startTime: '2026-11-23T15:12:29Z',
        cpu: { time: '2026-11-23T15:12:44.25Z', usageCoreNanoSeconds: 3_451_042_835 },
        containers: [
          {
            name: 'main',
            startTime: '2026-11-23T15:12:30Z',
            cpu: { time: '2026-11-23T15:12:44Z', usageCoreNanoSeconds: 3_000 },
          },
        ],
      },
    ],
  });
  assert.deepEqual(summary, {
    cpu: { cpuNanoseconds: 24_413_460_829_390, unixMilliseconds: at + 2500 },
    memoryBytes: 2_147_483_648,
    pods: [
      {
        uid: 'u1',
        name: 'web-1',
        namespace: 'team',
        startUnixMilliseconds: at - 15_000,
        cpu: { cpuNanoseconds: 3_451_042_835, unixMilliseconds: at + 250 },
        containers: [
          {
            name: 'main',
            startUnixMilliseconds: at - 14_000,
            cpu: { cpuNanoseconds: 3_000, unixMilliseconds: at + 500 },
          },
        ],
      },
    ],
  });
});

test('what a kubelet leaves out at first is left out, and no pod is made of nothing', () => {
  const summary = readSummary({
    node: { nodeName: 'n1' },
    pods: [
      {
        podRef: { name: 'new', namespace: 'team', uid: 'u2' },
        startTime: '0001-01-01T00:00:00Z',
        cpu: { time: '2026-11-23T15:12:44Z' },
        containers: [{ name: 'main', startTime: null, cpu: { time: null } }, { name: 'other' }],
      },
      { podRef: { name: 'no-uid', namespace: 'team' } },
    ],
  });
  assert.deepEqual(summary, {
    cpu: undefined,
    memoryBytes: undefined,
    pods: [
      {
        uid: 'u2',
        name: 'new',
        namespace: 'team',
        startUnixMilliseconds: undefined,
        cpu: undefined,
        containers: [],
      },
    ],
  });
});

test('what is no summary is none', () => {
  for (const body of [undefined, null, 'text', {}, { node: null, pods: [] }, { node: {} }])
    assert.equal(readSummary(body), undefined);
});

test('the path goes through the API server', () => {
  assert.equal(summaryPath('a.b'), '/api/v1/nodes/a.b/proxy/stats/summary');
});
