import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  readSchedulerConfig,
  schedulerPolicy,
} from '../../../../../src/simulation/inputs/simon/scheduler-config.ts';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';

function config(t: TestContext, score: string, more = ''): string {
  const path = join(temporaryFolder(t), 'scheduler.yaml');
  writeFileSync(
    path,
    'apiVersion: kubescheduler.config.k8s.io/v1beta1\nkind: KubeSchedulerConfiguration\n' +
      `percentageOfNodesToScore: 100\nprofiles:\n- schedulerName: simon-scheduler\n  plugins:\n    score:\n${score}${more}`,
  );
  return path;
}

const off = '      disabled: [{name: "*"}]\n';

test('one plugin with its weight is a policy', (t) => {
  const read = readSchedulerConfig(config(t, `${off}      enabled: [{name: FGDScore, weight: 1000}]\n`));
  assert.deepEqual(
    read.plugins.map(({ name, weight }) => [name, weight]),
    [['FGDScore', 1000]],
  );
  assert.equal(schedulerPolicy(read, [], 'lexicographic').name, 'FGDScore=1000');
});

test('scores of Kubernetes that are not disabled count', (t) => {
  const some =
    '      disabled: [{name: NodeResourcesLeastAllocated}]\n      enabled: [{name: BestFitScore}]\n';
  const read = readSchedulerConfig(config(t, some));
  assert.deepEqual(
    read.plugins.map(({ name, weight }) => [name, weight]),
    [
      ['NodeResourcesBalancedAllocation', 1],
      ['BestFitScore', 1],
    ],
  );
});

test('the random policy stands alone', (t) => {
  const alone = readSchedulerConfig(config(t, `${off}      enabled: [{name: RandomScore, weight: 1}]\n`));
  assert.equal(schedulerPolicy(alone, [], 'random').name, 'openb-random');
  const mixed = `${off}      enabled: [{name: RandomScore}, {name: FGDScore}]\n`;
  assert.throws(() => readSchedulerConfig(config(t, mixed)), { code: 'KISIM_E_SIMON_CONFIG' });
});

test('arguments of the studies are understood, others refused', (t) => {
  const enabled = `${off}      enabled: [{name: FGDScore}]\n`;
  const args = (text: string) => `  pluginConfig:\n  - name: Open-Gpu-Share\n    args: ${text}\n`;
  readSchedulerConfig(
    config(t, enabled, args('{dimExtMethod: share, normMethod: max, gpuSelMethod: FGDScore}')),
  );
  for (const bad of ['{gpuSelMethod: worst}', '{normMethod: node}', '{dimExtMethod: divide}'])
    assert.throws(() => readSchedulerConfig(config(t, enabled, args(bad))), {
      code: 'KISIM_E_SIMON_CONFIG',
      message: /scheduler\.yaml:12/,
    });
});

test('an unknown plugin, another kind and a sample of nodes are coded errors with their line', (t) => {
  const unknown = `${off}      enabled:\n      - name: FGDScore\n      - name: RLSchedulerScore\n`;
  assert.throws(() => readSchedulerConfig(config(t, unknown)), {
    code: 'KISIM_E_SIMON_PLUGIN',
    message: /scheduler\.yaml:11: .*RLSchedulerScore/,
  });
  assert.throws(() => readSchedulerConfig(config(t, off)), {
    code: 'KISIM_E_SIMON_CONFIG',
    message: /no score/,
  });
  const path = join(temporaryFolder(t), 'other.yaml');
  writeFileSync(path, 'apiVersion: v1\nkind: Node\n');
  assert.throws(() => readSchedulerConfig(path), { code: 'KISIM_E_SIMON_KIND', message: /other\.yaml:1/ });
  writeFileSync(
    path,
    'apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\npercentageOfNodesToScore: 50\n',
  );
  assert.throws(() => readSchedulerConfig(path), { code: 'KISIM_E_SIMON_CONFIG', message: /other\.yaml:3/ });
});
