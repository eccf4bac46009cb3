import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  manifestTexts,
  readManifestObjects,
  readManifests,
} from '../../../../src/simulation/inputs/manifests.ts';
import { KisimError } from '../../../../src/util/errors.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const read = (text: string) => readManifests([{ file: 'cluster.yaml', text }]);

/** A pod with one plain container; the text goes below `spec`. */
const podWith = (spec: string) => `
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers: [{name: c, image: a}]
${spec.replaceAll(/^/gm, '  ')}
`;

const refused = (code: string, found: RegExp | string) => (error: unknown) => {
  assert(error instanceof KisimError, String(error));
  assert.equal(error.code, code);
  if (typeof found === 'string') assert.equal(error.found, found);
  else assert.match(error.found, found);
  return true;
};

describe('nodes', () => {
  test('have what is allocatable, in milli-cores and bytes, and the rest by name', () => {
    const [node] = read(`
apiVersion: v1
kind: Node
metadata: {name: a, labels: {topology.kubernetes.io/zone: z}}
spec: {unschedulable: true, taints: [{key: t, effect: NoExecute}]}
status:
  capacity: {cpu: 8, memory: 16Gi, pods: 110}
  allocatable: {cpu: 7910m, memory: 1.5e9, pods: "20", ephemeral-storage: 10Gi, example.com/gpu: 2}
  images: [{names: [a@sha256:1, a:1], sizeBytes: 12}]
`).nodes;
    assert.deepEqual(node, {
      name: 'a',
      labels: { 'topology.kubernetes.io/zone': 'z' },
      cpuMilli: 7910,
      memoryBytes: 1_500_000_000,
      pods: 20,
      extended: { 'ephemeral-storage': 10 * 2 ** 30, 'example.com/gpu': 2 },
      taints: [{ key: 't', value: '', effect: 'NoExecute' }],
      unschedulable: true,
      images: [{ names: ['a@sha256:1', 'a:1'], sizeBytes: 12 }],
    });
  });

  test('have their capacity where nothing is said of what is allocatable', () => {
    const { nodes } = read(
      '{apiVersion: v1, kind: Node, metadata: {name: a}, status: {capacity: {cpu: 1, pods: 3}}}',
    );
    assert.deepEqual(nodes, [{ name: 'a', labels: {}, cpuMilli: 1000, memoryBytes: 0, pods: 3 }]);
  });
});

describe('pods', () => {
  test('get what the API server fills in', () => {
    const [pod] = read(
      podWith(`
topologySpreadConstraints: [{maxSkew: 1, topologyKey: k, whenUnsatisfiable: DoNotSchedule}]
tolerations: [{key: a}]
`),
    ).pods;
    const { scheduling, ...rest } = pod!;
    assert.deepEqual(rest, {
      id: 0,
      name: 'p',
      namespace: 'default',
      cpuMilli: 0,
      memoryBytes: 0,
      predictedCpuMilli: 0,
      predictedSeconds: Number.POSITIVE_INFINITY,
      slackSeconds: 0,
      shape: 0,
    });
    assert.deepEqual(scheduling!.topologySpread, [
      {
        topologyKey: 'k',
        maxSkew: 1,
        whenUnsatisfiable: 'DoNotSchedule',
        selector: undefined,
        minDomains: undefined,
        nodeAffinityPolicy: 'Honor',
        nodeTaintsPolicy: 'Ignore',
        matchLabelKeys: [],
      },
    ]);
    assert.deepEqual(scheduling!.tolerations, [
      { key: 'a', operator: 'Equal', value: '', effect: undefined },
      { key: 'node.kubernetes.io/not-ready', operator: 'Exists', value: '', effect: 'NoExecute' },
      { key: 'node.kubernetes.io/unreachable', operator: 'Exists', value: '', effect: 'NoExecute' },
    ]);
    assert.equal(scheduling!.priority, 0);
  });

  test('that tolerate everything get no further tolerations', () => {
    const [pod] = read(podWith('tolerations: [{operator: Exists}]')).pods;
    assert.equal(pod!.scheduling!.tolerations.length, 1);
  });

  test('request what is limited; explicit zeros stay', () => {
    const [pod] = read(`
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
  - {image: a, resources: {requests: {cpu: 0}, limits: {cpu: 2, memory: 1Gi, example.com/gpu: 1}}}
`).pods;
    assert.deepEqual(pod!.scheduling!.containers[0]!.requests, {
      cpuMilli: 0,
      memoryBytes: 2 ** 30,
      extended: { 'example.com/gpu': 1 },
    });
    assert.deepEqual(pod!.extended, { 'example.com/gpu': 1 });
  });

  test('need the most of their init containers, sidecars and containers, and their overhead', () => {
    const [pod] = read(`
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  runtimeClassName: sandbox
  initContainers:
  - {image: a, resources: {requests: {cpu: 3, memory: 10}}}
  - {image: a, restartPolicy: Always, resources: {requests: {cpu: 1, memory: 20}}}
  - {image: a, resources: {requests: {cpu: 3}}}
  containers: [{image: a, resources: {requests: {cpu: 1, memory: 30}}}]
---
apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata: {name: sandbox}
handler: h
overhead: {podFixed: {cpu: 50m}}
scheduling: {nodeSelector: {kind: big}}
`).pods;
    // The third init container runs beside the sidecar.
    assert.equal(pod!.cpuMilli, 4050);
    assert.equal(pod!.memoryBytes, 50);
    assert.deepEqual(pod!.scheduling!.nodeSelector, { kind: 'big' });
    assert.deepEqual(
      pod!.scheduling!.initContainers.map(({ sidecar }) => sidecar),
      [undefined, true, undefined],
    );
  });

  test('with limits as a whole request what their containers do, else the limit', () => {
    const whole = (resources: string) =>
      read(
        podWith(`resources: ${resources}`).replace(
          'image: a',
          'image: a, resources: {requests: {cpu: 100m}}',
        ),
      ).pods[0]!.scheduling!.podRequests;
    assert.deepEqual(whole('{limits: {cpu: 2, memory: 1Ki}}'), { cpuMilli: 100, memoryBytes: 1024 });
    assert.deepEqual(whole('{requests: {cpu: 2}}'), { cpuMilli: 2000, memoryBytes: undefined });
    assert.equal(whole('{}'), undefined);
  });

  test('on the network of the host take their ports from it', () => {
    const ports = 'image: a, ports: [{containerPort: 80}, {containerPort: 81, hostPort: 82, protocol: UDP}]';
    const hostPorts = (spec: string) =>
      read(podWith(spec).replace('image: a', ports)).pods[0]!.scheduling!.containers[0]!.hostPorts;
    const second = { hostIp: '0.0.0.0', protocol: 'UDP', hostPort: 82 };
    assert.deepEqual(hostPorts(''), [second]);
    assert.deepEqual(hostPorts('hostNetwork: true'), [
      { hostIp: '0.0.0.0', protocol: 'TCP', hostPort: 80 },
      second,
    ]);
  });

  test('keep apart what selects nothing and what selects all', () => {
    const [pod] = read(
      podWith(`
affinity:
  podAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
    - {topologyKey: k}
    - {topologyKey: k, labelSelector: {}, namespaceSelector: {}}
    - {topologyKey: k, labelSelector: {matchLabels: {a: b}, matchExpressions: [{key: c, operator: Exists}]}}
`),
    ).pods;
    assert.deepEqual(
      pod!.scheduling!.podAffinity!.required.map(({ selector, namespaceSelector }) => [
        selector,
        namespaceSelector,
      ]),
      [
        [undefined, undefined],
        [[], []],
        [
          [
            { key: 'a', operator: 'In', values: ['b'] },
            { key: 'c', operator: 'Exists', values: [] },
          ],
          undefined,
        ],
      ],
    );
  });

  test('have the priority of their class', () => {
    const classes = `
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: high}
value: 7
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: usual}
value: 3
globalDefault: true
---`;
    const priority = (spec: string) => read(classes + podWith(spec)).pods[0]!.scheduling!.priority;
    assert.equal(priority('priorityClassName: high'), 7);
    assert.equal(priority(''), 3);
    assert.equal(priority('priorityClassName: system-node-critical'), 2_000_001_000);
  });
});

describe('controllers', () => {
  const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{image: a}]}}
`;

  test('stand for the pods that they make, of one shape and with what their controller labels them', () => {
    const { pods } = read(deployment);
    assert.equal(pods.length, 2);
    const [first, second] = pods;
    assert.equal(first!.shape, second!.shape);
    assert.notEqual(first!.name, second!.name);
    assert.equal(first!.namespace, 'shop');
    const hash = first!.scheduling!.labels['pod-template-hash'];
    assert.deepEqual(first!.scheduling!.ownerSelector, [
      { key: 'app', operator: 'In', values: ['web'] },
      { key: 'pod-template-hash', operator: 'In', values: [hash] },
    ]);
  });

  test('whose pods are there are not expanded again', () => {
    const dump = `${deployment}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web-1, namespace: shop, ownerReferences: [{kind: Deployment, name: web, controller: true}]}
spec:
  replicas: 2
  selector: {matchLabels: {app: web, pod-template-hash: "1"}}
  template: {metadata: {labels: {app: web, pod-template-hash: "1"}}, spec: {containers: [{image: a}]}}
---
apiVersion: v1
kind: Pod
metadata:
  name: web-1-abc
  namespace: shop
  labels: {app: web, pod-template-hash: "1"}
  ownerReferences: [{kind: ReplicaSet, name: web-1, controller: true}]
spec: {containers: [{image: a}], nodeName: n1}
`;
    const { pods } = read(dump);
    assert.deepEqual(
      pods.map(({ name, scheduling }) => [name, scheduling!.nodeName, scheduling!.ownerSelector!.length]),
      [['web-1-abc', 'n1', 2]],
    );
  });

  test('a Job works through its completions some at a time, and not at all while it is suspended', () => {
    const job = (spec: string) =>
      read(
        `{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: {${spec}, template: {spec: {containers: [{image: a}]}}}}`,
      ).pods.length;
    assert.equal(job('completions: 9, parallelism: 4'), 4);
    assert.equal(job('completions: 2, parallelism: 4'), 2);
    assert.equal(job('completions: 1, suspend: true'), 0);
  });

  test('the pods of a StatefulSet are numbered', () => {
    const { pods } = read(
      deployment.replace('Deployment', 'StatefulSet').replace('replicas: 2', 'replicas: 3'),
    );
    assert.deepEqual(
      pods.map(({ name, scheduling }) => [name, scheduling!.labels['apps.kubernetes.io/pod-index']]),
      [
        ['web-0', '0'],
        ['web-1', '1'],
        ['web-2', '2'],
      ],
    );
  });

  test('a DaemonSet has a pod for each node that its template does not rule out, tied to it', () => {
    const { pods } = read(`
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: system}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{image: a}], nodeSelector: {os: linux}}
---
{apiVersion: v1, kind: Node, metadata: {name: a, labels: {os: linux}}, spec: {unschedulable: true}}
---
{apiVersion: v1, kind: Node, metadata: {name: b, labels: {os: linux}}, spec: {taints: [{key: k, effect: NoSchedule}]}}
---
{apiVersion: v1, kind: Node, metadata: {name: c, labels: {os: linux}}, spec: {taints: [{key: k, effect: PreferNoSchedule}]}}
---
{apiVersion: v1, kind: Node, metadata: {name: d}}
`);
    assert.deepEqual(
      pods.map(({ name, scheduling }) => [name, scheduling!.nodeAffinity!.required]),
      ['a', 'c'].map((node) => [
        `agent-${node}`,
        [{ matchExpressions: [], matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }],
      ]),
    );
    assert(pods[0]!.scheduling!.tolerations.some(({ key }) => key === 'node.kubernetes.io/unschedulable'));
    assert.equal(pods[0]!.scheduling!.ownerSelector, undefined);
  });

  test('Services group the pods that they select in their own namespace', () => {
    const service = (namespace: string, selector: string) =>
      `\n---\n{apiVersion: v1, kind: Service, metadata: {name: s, namespace: ${namespace}}, spec: {selector: ${selector}}}`;
    const selector = (more: string) =>
      read(podWith('').replace('name: p', 'name: p, labels: {a: b}') + more).pods[0]!.scheduling!
        .ownerSelector;
    assert.deepEqual(selector(service('default', '{a: b}')), [{ key: 'a', operator: 'In', values: ['b'] }]);
    assert.equal(selector(service('other', '{a: b}')), undefined);
    assert.equal(selector(service('default', '{a: b, c: d}')), undefined);
    assert.equal(selector(service('default', '{}')), undefined);
  });
});

describe('lists and files', () => {
  test('Lists are unpacked, also those whose items leave out their kind', () => {
    const node = { metadata: { name: 'a' }, status: { capacity: { cpu: '1' } } };
    const { nodes } = readManifestObjects('api', [
      { apiVersion: 'v1', kind: 'List', items: [{ apiVersion: 'v1', kind: 'Node', ...node }] },
      { apiVersion: 'v1', kind: 'NodeList', items: [node] },
    ]);
    assert.equal(nodes.length, 2);
  });

  test('labels of namespaces are kept, with the one that every namespace has', () => {
    const { namespaces } = read('{apiVersion: v1, kind: Namespace, metadata: {name: a, labels: {x: y}}}');
    assert.deepEqual([...namespaces], [['a', { x: 'y', 'kubernetes.io/metadata.name': 'a' }]]);
  });

  test('kinds without a part in placement are counted', () => {
    const { passedOver } = read('{apiVersion: v1, kind: Secret, metadata: {name: a}}');
    assert.deepEqual([...passedOver], [['Secret', 1]]);
  });

  test('folders are read in the order of their paths', (t) => {
    const folder = temporaryFolder(t);
    mkdirSync(join(folder, 'b'));
    for (const name of ['c.yaml', 'b/x.json', 'a.yml', 'notes.txt']) writeFileSync(join(folder, name), '{}');
    assert.deepEqual(
      manifestTexts([folder]).map(({ file }) => file.slice(folder.length + 1)),
      ['a.yml', 'b/x.json', 'c.yaml'],
    );
  });

  test('a path that is not there is a coded error', () => {
    assert.throws(() => manifestTexts(['/nowhere/x.yaml']), refused('KISIM_E_MANIFEST_MISSING', /ENOENT/));
  });
});

describe('bad manifests are refused with file and line', () => {
  test('a kind that is not known', () => {
    assert.throws(
      () => read('apiVersion: v1\nkind: Pot\nmetadata: {name: a}'),
      refused('KISIM_E_MANIFEST_KIND', 'cluster.yaml:1: v1 Pot'),
    );
  });

  test('a known kind of another group', () => {
    assert.throws(
      () => read('apiVersion: serving.knative.dev/v1\nkind: Service'),
      refused('KISIM_E_MANIFEST_KIND', /knative/),
    );
  });

  test('an amount that is none', () => {
    assert.throws(
      () =>
        read(
          'apiVersion: v1\nkind: Node\nmetadata: {name: a}\nstatus:\n  capacity:\n    cpu: 1\n    memory: 1GB\n',
        ),
      refused('KISIM_E_MANIFEST_QUANTITY', 'cluster.yaml:7: status.capacity.memory: "1GB"'),
    );
  });

  test('a negative amount', () => {
    assert.throws(
      () => read('{apiVersion: v1, kind: Node, metadata: {name: a}, status: {capacity: {cpu: -1}}}'),
      refused('KISIM_E_MANIFEST_QUANTITY', /status\.capacity\.cpu: -1/),
    );
  });

  test('in JSON too, whose lines are looked up', () => {
    const text = JSON.stringify(
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: {} },
      null,
      1,
    );
    assert.throws(
      () => readManifests([{ file: 'p.json', text }]),
      refused('KISIM_E_MANIFEST_INVALID', 'p.json:7: spec.containers: a pod needs a container'),
    );
  });

  test('text that is no YAML', () => {
    assert.throws(
      () => read('kind: Node\n  bad: [\n'),
      refused('KISIM_E_MANIFEST_SYNTAX', /^cluster\.yaml:\d+: /),
    );
  });

  test('a node selector that contradicts the RuntimeClass', () => {
    const runtimeClass =
      '{apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: r}, scheduling: {nodeSelector: {arch: arm64}}}';
    const spec = 'runtimeClassName: r\nnodeSelector: {arch: amd64}';
    assert.throws(
      () => read(`${runtimeClass}\n---${podWith(spec)}`),
      refused(
        'KISIM_E_MANIFEST_INVALID',
        /spec\.nodeSelector\.arch: amd64, but its RuntimeClass asks for arm64/,
      ),
    );
  });

  for (const [what, spec, found] of [
    [
      'an operator',
      'tolerations: [{key: a, operator: Is}]',
      /:7: spec\.tolerations\[0\]\.operator: expected one of/,
    ],
    [
      'a RuntimeClass that is not there',
      'runtimeClassName: x',
      /:7: spec\.runtimeClassName: no RuntimeClass x/,
    ],
    ['a PriorityClass that is not there', 'priorityClassName: x', /no PriorityClass x/],
    [
      'a weight',
      'affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 0}]}}',
      /weight: expected an integer from 1 to 100, found 0/,
    ],
    ['a list that is none', 'tolerations: {a: b}', /spec\.tolerations: expected a list/],
    [
      'a resource that a whole pod cannot have',
      'resources: {requests: {example.com/gpu: 1}}',
      /a pod as a whole/,
    ],
  ] as const) {
    test(what, () => {
      assert.throws(() => read(podWith(spec)), refused('KISIM_E_MANIFEST_INVALID', found));
    });
  }
});
