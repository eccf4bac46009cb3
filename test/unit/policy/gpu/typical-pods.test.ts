import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PodTally, typicalPods } from '../../../../src/policy/gpu/typical-pods.ts';
import { gpuPod } from '../../../support/gpu-cluster.ts';

const pods = (times: number, ...request: [number, number, number?, string[]?]) =>
  Array.from({ length: times }, (_, i) => gpuPod(i, ...request));

test('requests are taken by frequency until they are the coverage, and shares are of those taken', () => {
  const list = [...pods(2, 4, 0), ...pods(12, 8, 1), ...pods(5, 2, 1, 500), ...pods(1, 64, 8)];
  const typical = typicalPods(list, 0.85);
  assert.deepEqual(
    typical.map(({ cpuMilli, gpus, milliEach }) => [cpuMilli, gpus, milliEach]),
    [
      [8000, 1, 1000],
      [2000, 1, 500],
    ],
  );
  assert.ok(Math.abs(typical[0]!.share - 12 / 17) < 1e-12);
  assert.ok(Math.abs(typical[1]!.share - 5 / 17) < 1e-12);
});

test('the request that reaches the coverage is the last one taken', () => {
  const list = [...pods(19, 8, 1), ...pods(1, 4, 0)];
  assert.equal(typicalPods(list, 0.95).length, 1);
  assert.equal(typicalPods(list, 0.96).length, 2);
});

test('among equally frequent requests the greater CPU comes first, then GPU share, number, and model', () => {
  const list = [
    gpuPod(0, 4, 0),
    gpuPod(1, 4, 1, 500, ['T4']),
    gpuPod(2, 4, 1, 500, ['V100']),
    gpuPod(3, 4, 2),
    gpuPod(4, 4, 1),
    gpuPod(5, 8, 0),
  ];
  assert.deepEqual(
    typicalPods(list, 1).map(({ cpuMilli, milliEach, gpus, models }) => [
      cpuMilli,
      milliEach,
      gpus,
      models[0],
    ]),
    [
      [8000, 0, 0, undefined],
      [4000, 1000, 2, undefined],
      [4000, 1000, 1, undefined],
      [4000, 500, 1, 'V100'],
      [4000, 500, 1, 'T4'],
      [4000, 0, 0, undefined],
    ],
  );
});

test('memory does not tell requests apart, models do', () => {
  const one = gpuPod(0, 4, 1);
  assert.equal(typicalPods([one, { ...one, memoryBytes: 7 }], 1).length, 1);
  assert.equal(typicalPods([one, gpuPod(1, 4, 1, 1000, ['T4'])], 1).length, 2);
});

test('a tally that is saved and restored goes on the same', () => {
  const tally = new PodTally();
  for (const pod of [...pods(3, 4, 0), ...pods(2, 8, 1)]) tally.add(pod);
  const again = new PodTally();
  again.restore(JSON.parse(JSON.stringify(tally.save())));
  for (const each of [tally, again]) each.add(gpuPod(9, 8, 1));
  assert.deepEqual(again.typical(0.9), tally.typical(0.9));
  assert.equal(again.total, 6);
});
