import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readSimonConfig } from '../../../../../src/simulation/inputs/simon/simon-config.ts';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';

function config(t: TestContext, spec: string, head = 'apiVersion: simon/v1alpha1\nkind: Config'): string {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'cluster'));
  const path = join(folder, 'cluster.yaml');
  writeFileSync(path, `${head}\nmetadata: {name: paib}\nspec:\n${spec}`);
  return path;
}

const cluster = '  cluster:\n    customConfig: cluster\n';

test('paths count from the file, and what the simulators say is understood', (t) => {
  const path = config(
    t,
    `${cluster}  newNode: example/newnode\n  appList:\n    - {name: app, path: cluster}\n  customConfig:\n` +
      '    shufflePod: true\n    workloadInflationConfig: {ratio: 1, seed: 233}\n' +
      '    workloadTuningConfig: {ratio: 1.3, seed: 42}\n    descheduleConfig: {ratio: 0.1}\n' +
      '    newWorkloadConfig:\n    exportConfig: {podSnapshotYamlFilePrefix: x}\n' +
      '    typicalPodsConfig: {isInvolvedCpuPods: false, podPopularityThreshold: 60, podIncreaseStep: 1, gpuResWeight: 0}\n',
  );
  const read = readSimonConfig(path);
  assert.equal(read.name, 'paib');
  assert.equal(read.cluster, join(path, '..', 'cluster'));
  assert.deepEqual(read.apps, [{ name: 'app', path: read.cluster }]);
  assert.equal(read.shufflePods, true);
  assert.deepEqual(read.tuning, { ratio: 1.3, seed: 42 });
  assert.deepEqual(read.typicalPods, { withCpuPods: false, coverage: 0.6 });
  assert.equal(read.notes.length, 2);
});

test('nothing but a cluster: no tuning, all pods typical to 95 %', (t) => {
  const read = readSimonConfig(config(t, cluster));
  assert.equal(read.tuning, undefined);
  assert.equal(read.shufflePods, false);
  assert.deepEqual(read.typicalPods, { withCpuPods: true, coverage: 0.95 });
});

const bad: readonly (readonly [string, string, RegExp])[] = [
  ['an unknown field', `${cluster}  clusters: 1\n`, /cluster\.yaml:7: spec\.clusters: not known/],
  [
    'a field below it',
    `${cluster}  customConfig:\n    shuflePod: true\n`,
    /:8: spec\.customConfig\.shuflePod/,
  ],
  ['a live cluster', '  cluster:\n    kubeConfig: /root/.kube\n', /:6: spec\.cluster\.kubeConfig/],
  ['a folder that is not there', '  cluster:\n    customConfig: nowhere\n', /:6: .*nowhere does not exist/],
  ['a chart', `${cluster}  appList:\n    - {name: a, path: cluster, chart: true}\n`, /:8: .*charts are not/],
  ['inflation', `${cluster}  customConfig:\n    workloadInflationConfig: {ratio: 2}\n`, /:8: .*inflation/],
  [
    'descheduling',
    `${cluster}  customConfig:\n    descheduleConfig: {policy: cosSim}\n`,
    /:8: .*descheduling/,
  ],
  ['a negative ratio', `${cluster}  customConfig:\n    workloadTuningConfig: {ratio: -1}\n`, /:8: .*-1/],
];
for (const [what, spec, message] of bad)
  test(`${what} is a coded error with file and line`, (t) => {
    assert.throws(() => readSimonConfig(config(t, spec)), { code: 'KISIM_E_SIMON_CONFIG', message });
  });

test('another kind is a coded error with file and line', (t) => {
  const path = config(t, cluster, 'apiVersion: v1\nkind: Pod');
  assert.throws(() => readSimonConfig(path), {
    code: 'KISIM_E_SIMON_KIND',
    message: /cluster\.yaml:1: v1 Pod/,
  });
});
