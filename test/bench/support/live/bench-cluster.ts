import { join } from 'node:path';
import type { ApiPod } from '../../../../src/kubernetes/api-objects.ts';
import { ActingCluster } from '../../../cluster/support/acting-cluster.ts';
import type { ApiObject } from '../../../cluster/support/api-client.ts';
import type { Cleanups } from '../../../system/support/cleanups.ts';
import type { DaemonArguments } from './daemon-child.ts';

/** A namespace that is not opted in. */
export const PLAIN = 'plain';

/** A control plane with so many nodes, one namespace that is opted in and one that is not. */
export async function benchCluster(cleanups: Cleanups, nodes: number): Promise<ActingCluster> {
  const cluster = await ActingCluster.start(cleanups);
  await cluster.namespace(PLAIN);
  // It has three from the beginning.
  const more = Array.from({ length: nodes - 3 }, (_, i) => benchNode(`n${i + 4}`, i + 4));
  await cluster.plane.client.createAll(more);
  return cluster;
}

/** Nodes of four sizes. */
export function benchNode(name: string, number: number): ApiObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, number: String(number) } },
    status: { allocatable: { cpu: String(16 * (1 + (number % 4))), memory: '256Gi', pods: '250' } },
  };
}

export function benchPod(namespace: string, name: string, changes: object = {}): ApiObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: {
      containers: [
        {
          name: 'main',
          image: 'registry.example/base:1',
          resources: { requests: { cpu: '100m', memory: '128Mi' } },
        },
      ],
    },
    ...changes,
  };
}

/** Nodes without kubelets have nobody to be asked for the use of their pods. */
export const WITHOUT_KUBELETS = 'kubernetes.pod-use=off';

/** For a daemon with the program's own account, all else by default. */
export function daemonArguments(cluster: ActingCluster, more: readonly string[] = []): DaemonArguments {
  const { folder } = cluster.plane;
  return {
    kubeconfig: join(folder, 'kisimd.kubeconfig'),
    set: [`history.path=${join(folder, 'energy.db')}`, WITHOUT_KUBELETS, ...more],
  };
}

export function keyOf({ metadata }: ApiPod): string {
  return `${metadata!.namespace}/${metadata!.name}`;
}
