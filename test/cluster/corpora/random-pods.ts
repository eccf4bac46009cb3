import type { ApiObject } from '../support/api-client.ts';
import { randomPodResources, randomResources } from './random-resources.ts';
import {
  randomNodeAffinity,
  randomNodeSelector,
  randomPodAffinity,
  randomSpread,
  randomTolerations,
  type Scene,
} from './random-selectors.ts';
import { chance, podImages } from './vocabulary.ts';

/** What owns the pods of an application: counts for the default spreading or does not. */
const ownerKinds = {
  ReplicaSet: 'apps/v1',
  StatefulSet: 'apps/v1',
  ReplicationController: 'v1',
  Job: 'batch/v1',
} as const;

type OwnerKind = keyof typeof ownerKinds;

/** Pods that were made from one template, as most are. */
export interface App {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly owner: OwnerKind | undefined;
  readonly service: boolean;
}

function randomPorts({ random, style }: Scene): object[] {
  if (!chance(random, style.hostPorts)) return [];
  const hostIP = random.pick([undefined, undefined, '0.0.0.0', '127.0.0.1', '10.0.0.1']);
  const hostPort = random.pick([80, 443, 9100]);
  const protocol = random.pick([undefined, 'TCP', 'UDP']);
  return [
    {
      containerPort: hostPort,
      hostPort,
      ...(protocol === undefined ? {} : { protocol }),
      ...(hostIP === undefined ? {} : { hostIP }),
    },
  ];
}

function randomContainers(scene: Scene): { containers: object[]; initContainers: object[] } {
  const { random, style } = scene;
  const ports = randomPorts(scene);
  const containers = Array.from({ length: [1, 2, 3][random.weighted([7, 2, 1])]! }, (_, i) => ({
    name: `main-${i}`,
    image: random.pick(podImages),
    resources: randomResources(random, style),
    ...(i === 0 && ports.length > 0 ? { ports } : {}),
  }));
  const initContainers = Array.from(
    { length: chance(random, 0.2 + style.resources * 0.3) ? 1 + random.integer(3) : 0 },
    (_, i) => ({
      name: `init-${i}`,
      image: random.pick(podImages),
      resources: randomResources(random, style),
      ...(chance(random, 0.4) ? { restartPolicy: 'Always' } : {}),
    }),
  );
  return { containers, initContainers };
}

function present(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const isThere = (value: unknown): boolean =>
    value !== undefined && !(Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => isThere(value)));
}

export function randomApp(scene: Scene, name: string, runtimeClasses: readonly string[]): App {
  const { random, style, namespaces } = scene;
  const affinity = present({
    nodeAffinity: randomNodeAffinity(scene),
    podAffinity: randomPodAffinity(scene, name, 0.2),
    podAntiAffinity: randomPodAffinity(scene, name, 0.3),
  });
  const owned = chance(random, style.owned);
  const runtimeClassName = chance(random, style.resources * 0.3) ? random.pick(runtimeClasses) : undefined;
  const nodeSelector = randomNodeSelector(scene);
  // Its class asks for a value of this label: another one would be refused.
  if (runtimeClassName?.endsWith('picky')) delete nodeSelector?.['arch'];
  return {
    name,
    namespace: random.pick(namespaces),
    labels: {
      app: name,
      ...(chance(random, 0.6) ? { team: random.pick(['red', 'blue']) } : {}),
      ...(chance(random, 0.4) ? { track: random.pick(['stable', 'canary']) } : {}),
    },
    spec: present({
      ...randomContainers(scene),
      resources: randomPodResources(random, style),
      volumes: chance(random, style.images * 0.15)
        ? [{ name: 'data', image: { reference: random.pick(podImages) } }]
        : undefined,
      runtimeClassName,
      nodeSelector,
      affinity: Object.keys(affinity).length > 0 ? affinity : undefined,
      tolerations: randomTolerations(scene),
      topologySpreadConstraints: randomSpread(scene, name),
    }),
    owner: owned && chance(random, 0.7) ? random.pick(Object.keys(ownerKinds) as OwnerKind[]) : undefined,
    service: owned && chance(random, 0.7),
  };
}

/** The Service and the controller of an application. No controller runs, so that they make no pods of their own. */
export function surroundingsOf({ name, namespace, owner, service }: App): ApiObject[] {
  const metadata = { name, namespace };
  const selector = { app: name };
  const objects: ApiObject[] = [];
  if (service) {
    objects.push({ apiVersion: 'v1', kind: 'Service', metadata, spec: { selector, clusterIP: 'None' } });
  }
  if (owner === undefined || owner === 'Job') return objects;
  const template = {
    metadata: { labels: { app: name, release: 'r0' } },
    spec: { containers: [{ name: 'main', image: 'registry.example/base:1' }] },
  };
  // A newer ReplicaSet selects by what tells its pods from those of the older ones.
  const matchLabels = owner === 'ReplicaSet' ? { app: name, release: 'r0' } : selector;
  objects.push({
    apiVersion: ownerKinds[owner],
    kind: owner,
    metadata,
    spec: {
      replicas: 0,
      selector: owner === 'ReplicationController' ? selector : { matchLabels },
      template,
      ...(owner === 'StatefulSet' ? { serviceName: name } : {}),
    },
  });
  return objects;
}

/** One more pod of an application. `name` has to be new. */
export function podOf({ random, style, nodeNames }: Scene, app: App, name: string): ApiObject {
  const nodeName = chance(random, style.prebound) ? random.pick(nodeNames) : undefined;
  const release = chance(random, 0.7) ? 'r0' : 'r1';
  const owner = { kind: app.owner, name: app.name, uid: `uid-of-${app.name}`, controller: true };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: app.namespace,
      labels: { ...app.labels, release },
      ...(app.owner === undefined
        ? {}
        : { ownerReferences: [{ apiVersion: ownerKinds[app.owner], ...owner }] }),
    },
    spec: { ...app.spec, ...(nodeName === undefined ? {} : { nodeName }) },
  };
}
