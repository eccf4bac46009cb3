import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface BigClusterSize {
  readonly nodes: number;
  readonly pods: number;
}

const PODS_A_DEPLOYMENT = 25;
/** Of each Deployment: the one with pods and three that are kept for a rollback. */
const REPLICA_SETS = 4;
const SERVICES = 500;
/** One pod in so many belongs to a DaemonSet and is tied to its node by name. */
const DAEMON_EVERY = 5;

/**
 * The lists and watches of a big cluster, made up as they are asked for: objects of the size and form that kubelets and
 * controllers leave behind, with managed fields and status. Nothing of them is held here.
 */
export class BigClusterServer {
  readonly #size: BigClusterSize;
  readonly #watches = new Map<string, ServerResponse>();
  readonly #server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://big');
    const kind = url.pathname.slice(url.pathname.lastIndexOf('/') + 1);
    if (url.searchParams.get('watch') === 'true') {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
      this.#watches.set(kind, response);
      if (kind === 'pods') this.#watched.resolve();
      return;
    }
    const from = Number(url.searchParams.get('continue') ?? 0);
    const limit = Number(url.searchParams.get('limit'));
    const text = this.#page(kind, from, limit);
    this.bytes += Buffer.byteLength(text);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(text);
  });
  /** Of the lists that were given. */
  bytes = 0;
  #version = 1_000_000;
  readonly #watched = Promise.withResolvers<void>();

  constructor(size: BigClusterSize) {
    this.#size = size;
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  /** Tells of changes of pods, when they are watched: a new status, or (`replace`) an end and another pod in its place. */
  async change(count: number, replace: boolean): Promise<void> {
    await this.#watched.promise;
    const watch = this.#watches.get('pods')!;
    for (let i = 0; i < count; i++) {
      this.#version += 1;
      const index = (i * 7919) % this.#size.pods;
      const tell = (type: string, object: object): boolean =>
        watch.write(`${JSON.stringify({ type, object })}\n`);
      let flows: boolean;
      if (replace) {
        tell('DELETED', this.#pod(index, this.#version));
        this.#version += 1;
        flows = tell('ADDED', this.#pod(index + this.#size.pods, this.#version));
      } else flows = tell('MODIFIED', this.#pod(index, this.#version));
      if (!flows) await once(watch, 'drain');
    }
  }

  /** A pod that nobody knows yet: seen by the watcher when everything before it is through. */
  mark(name: string): void {
    this.#version += 1;
    const pod = this.#pod(0, this.#version);
    const metadata = { ...pod.metadata, name, uid: `mark-${name}` };
    this.#watches.get('pods')!.write(`${JSON.stringify({ type: 'ADDED', object: { ...pod, metadata } })}\n`);
  }

  #page(kind: string, from: number, limit: number): string {
    const makers: Readonly<Record<string, readonly [number, (index: number) => object]>> = {
      nodes: [this.#size.nodes, (index) => node(index)],
      pods: [this.#size.pods, (index) => this.#pod(index, 1000 + index)],
      namespaces: [50, (index) => ({ metadata: metadataOf(`ns-${index}`, undefined, 'n', index, 10) })],
      services: [SERVICES, service],
      replicasets: [Math.ceil(this.#size.pods / PODS_A_DEPLOYMENT) * REPLICA_SETS, replicaSet],
      statefulsets: [0, service],
      replicationcontrollers: [0, service],
    };
    const [count, make] = makers[kind]!;
    const to = Math.min(count, from + limit);
    const items = Array.from({ length: to - from }, (_, i) => make(from + i));
    const metadata = { resourceVersion: '1000000', ...(to < count ? { continue: String(to) } : {}) };
    return JSON.stringify({ kind: 'List', apiVersion: 'v1', metadata, items });
  }

  #pod(index: number, version: number) {
    const deployment = Math.floor(index / PODS_A_DEPLOYMENT);
    const nodeName = nodeNameOf(index % this.#size.nodes);
    const isDaemon = index % DAEMON_EVERY === 0;
    const owner = isDaemon ? 'agent' : `service-${deployment}-${hash(deployment)}`;
    const name = `${owner}-${hash(index).slice(0, 5)}`;
    const namespace = `ns-${deployment % 50}`;
    const metadata = {
      ...metadataOf(name, namespace, 'p', index, version),
      generateName: `${owner}-`,
      labels: {
        app: `service-${deployment % 500}`,
        'pod-template-hash': hash(deployment),
        team: `team-${deployment % 20}`,
      },
      annotations: { 'prometheus.example/scrape': 'true', 'config.example/hash': hash(index * 31) },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: isDaemon ? 'DaemonSet' : 'ReplicaSet',
          name: owner,
          uid: uidOf('o', deployment),
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    };
    return { metadata, spec: podSpec(deployment, index, nodeName, isDaemon), status: podStatus(index) };
  }
}

function hash(index: number): string {
  return (Math.imul(index + 1, 2654435761) >>> 0).toString(16).padStart(10, '7');
}

function uidOf(kind: string, index: number): string {
  const digits = `${kind.charCodeAt(0).toString(16)}${index.toString(16)}`.padStart(12, '0');
  return `6f9619ff-8b86-4d01-b42d-${digits.slice(-12)}`;
}

function nodeNameOf(index: number): string {
  return `node-${String(index).padStart(5, '0')}.cluster.example.internal`;
}

function managedFields(manager: string, count: number): object {
  const fields = Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`f:field-${i}`, { '.': {}, 'f:name': {}, 'f:value': {} }]),
  );
  return {
    manager,
    operation: 'Update',
    apiVersion: 'v1',
    time: '2026-01-01T00:00:00Z',
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:spec': fields },
  };
}

function metadataOf(
  name: string,
  namespace: string | undefined,
  kind: string,
  index: number,
  version: number,
) {
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    uid: uidOf(kind, index),
    resourceVersion: String(version),
    creationTimestamp: '2026-01-01T00:00:00Z',
    managedFields: [managedFields('kube-controller-manager', 25), managedFields('kubelet', 20)],
  };
}

function podSpec(deployment: number, index: number, nodeName: string, isDaemon: boolean): object {
  const serviceAccount = `kube-api-access-${hash(index).slice(0, 5)}`;
  const env = Array.from({ length: 12 }, (_, i) => ({
    name: `SETTING_${i}`,
    value: `value-${deployment}-${i}`,
  }));
  const container = (name: string, cpu: string) => ({
    name,
    image: `registry.example/team/service-${deployment % 500}:v${deployment % 9}`,
    env,
    resources: { requests: { cpu, memory: '128Mi' }, limits: { memory: '256Mi' } },
    ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
    livenessProbe: {
      httpGet: { path: '/live', port: 8080, scheme: 'HTTP' },
      periodSeconds: 10,
      failureThreshold: 3,
    },
    readinessProbe: { httpGet: { path: '/ready', port: 8080, scheme: 'HTTP' }, periodSeconds: 10 },
    volumeMounts: [
      { name: 'config', mountPath: '/etc/service' },
      { name: serviceAccount, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true },
    ],
    imagePullPolicy: 'IfNotPresent',
  });
  const toNode = {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [nodeName] }] }],
      },
    },
  };
  return {
    nodeName,
    containers: [container('main', '100m'), container('sidecar', '20m')],
    volumes: [
      { name: 'config', configMap: { name: `service-${deployment}` } },
      { name: serviceAccount, projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
    ],
    ...(isDaemon ? { affinity: toNode } : {}),
    tolerations: ['not-ready', 'unreachable'].map((key) => ({
      key: `node.kubernetes.io/${key}`,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 300,
    })),
    serviceAccountName: 'default',
    schedulerName: 'default-scheduler',
    restartPolicy: 'Always',
    priority: 0,
  };
}

function service(index: number): object {
  return {
    metadata: metadataOf(`service-${index}`, `ns-${index % 50}`, 's', index, 500 + index),
    spec: {
      selector: { app: `service-${index}` },
      type: 'ClusterIP',
      clusterIP: `10.96.${index >> 8}.${index & 255}`,
      ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }],
    },
    status: { loadBalancer: {} },
  };
}

function replicaSet(index: number): object {
  const deployment = Math.floor(index / REPLICA_SETS);
  const isOld = index % REPLICA_SETS > 0;
  const labels = {
    app: `service-${deployment % 500}`,
    'pod-template-hash': isOld ? hash(index) : hash(deployment),
  };
  const name = `service-${deployment}-${labels['pod-template-hash']}`;
  const { nodeName: _, ...spec } = podSpec(deployment, index, '', false) as { readonly nodeName: string };
  return {
    metadata: { ...metadataOf(name, `ns-${deployment % 50}`, 'r', index, 700 + index), labels },
    spec: {
      replicas: isOld ? 0 : PODS_A_DEPLOYMENT,
      selector: { matchLabels: labels },
      template: { metadata: { labels: { ...labels, team: `team-${deployment % 20}` } }, spec },
    },
    status: { replicas: isOld ? 0 : PODS_A_DEPLOYMENT, observedGeneration: 1 },
  };
}

function podStatus(index: number): object {
  const condition = (type: string) => ({ type, status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' });
  return {
    phase: 'Running',
    podIP: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
    conditions: ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map(
      condition,
    ),
    containerStatuses: ['main', 'sidecar'].map((name) => ({
      name,
      ready: true,
      restartCount: 0,
      containerID: `containerd://${hash(index).repeat(6)}`,
      imageID: `registry.example/team/service@sha256:${hash(index % 500).repeat(6)}`,
      state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
    })),
  };
}

function node(index: number): object {
  const name = nodeNameOf(index);
  const amounts = {
    cpu: '32',
    memory: '128Gi',
    pods: '250',
    'ephemeral-storage': '500Gi',
    'hugepages-2Mi': '0',
  };
  return {
    metadata: {
      ...metadataOf(name, undefined, 'n', index, 100 + index),
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/os': 'linux',
        'topology.kubernetes.io/region': 'region-1',
        'topology.kubernetes.io/zone': `zone-${index % 3}`,
        'node.kubernetes.io/instance-type': `type-${index % 7}`,
      },
    },
    spec: { podCIDR: `10.${index >> 8}.${index & 255}.0/24`, providerID: `cloud://${hash(index)}` },
    status: {
      capacity: amounts,
      allocatable: amounts,
      conditions: ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready'].map((type) => ({
        type,
        status: type === 'Ready' ? 'True' : 'False',
        lastHeartbeatTime: '2026-01-01T00:00:00Z',
      })),
      // As many as kubelets report.
      images: Array.from({ length: 50 }, (_, i) => ({
        names: [
          `registry.example/team/service-${(index + i * 11) % 500}@sha256:${hash((index + i * 11) % 500).repeat(6)}`,
          `registry.example/team/service-${(index + i * 11) % 500}:v1`,
        ],
        sizeBytes: 100_000_000 + ((index + i * 11) % 500),
      })),
    },
  };
}
