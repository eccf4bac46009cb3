import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockerJob } from '../../../../src/kubernetes/manifests/blocker-job.ts';

const options = {
  namespace: 'team',
  name: 'b1',
  image: 'registry.example/kisimd:1',
  args: ['block', '--cpu', '1.5'],
  cpuCores: 1.6,
  memoryBytes: 300e6,
  scratchBytes: 1e9,
  activeSeconds: 720.5,
};

/** What of the Job is looked at here. */
interface Built {
  readonly metadata: { readonly labels: object };
  readonly spec: {
    readonly [field: string]: unknown;
    readonly template: {
      readonly metadata: { readonly labels: object };
      readonly spec: Readonly<Record<string, unknown>> & {
        readonly containers: readonly Readonly<Record<string, unknown>>[];
      };
    };
  };
}

test('it ends and goes by itself, and is tried once', () => {
  const { spec } = blockerJob(options) as Built;
  assert.equal(spec['activeDeadlineSeconds'], 721);
  assert.equal(spec['ttlSecondsAfterFinished'], 60);
  assert.equal(spec['backoffLimit'], 0);
  assert.equal(spec.template.spec['restartPolicy'], 'Never');
});

test('the pod has no rights, in the cluster and on its node', () => {
  const { spec } = (blockerJob(options) as Built).spec.template;
  assert.equal(spec['automountServiceAccountToken'], false);
  assert.deepEqual(spec['securityContext'], {
    runAsNonRoot: true,
    runAsUser: 65532,
    runAsGroup: 65532,
    fsGroup: 65532,
    seccompProfile: { type: 'RuntimeDefault' },
  });
  assert.deepEqual(spec.containers[0]!['securityContext'], {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
});

test('it requests what it will use, so that the scheduler counts it', () => {
  const [container] = (blockerJob(options) as Built).spec.template.spec.containers;
  assert.deepEqual(container!['resources'], {
    requests: { cpu: '1600m', memory: '300000000' },
    limits: { cpu: '2260m', memory: '300000000' },
  });
  assert.deepEqual(container!['args'], options.args);
});

test('a node is asked for by affinity, past no scheduler; without one there is none', () => {
  const affinityOf = (node?: string) =>
    (blockerJob({ ...options, node }) as Built).spec.template.spec['affinity'];
  assert.equal(affinityOf(), undefined);
  assert.deepEqual(affinityOf('n1'), {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] }],
      },
    },
  });
});

test('Job and pod are found by one label', () => {
  const { metadata, spec } = blockerJob(options) as Built;
  assert.deepEqual(metadata.labels, spec.template.metadata.labels);
  assert.deepEqual(metadata.labels, {
    'app.kubernetes.io/name': 'kisimd',
    'app.kubernetes.io/component': 'block',
    'kisimd.io/block': 'b1',
  });
});
