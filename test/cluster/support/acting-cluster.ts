import type { ApiObject, ApiPod } from '../../../src/kubernetes/api-objects.ts';
import { ClientNodeApi } from '../../../src/kubernetes/client-node-api.ts';
import type { KubeApi } from '../../../src/kubernetes/kube-api.ts';
import { OPT_IN_LABEL, OPT_IN_VALUE } from '../../../src/kubernetes/names.ts';
import type { Cleanups } from '../../system/support/cleanups.ts';
import { waitFor } from '../../system/support/wait-for.ts';
import { ControlPlane } from './control-plane.ts';
import { programHere } from './in-namespace.ts';
import { installProgram, succeed } from './install-program.ts';

/** A namespace that is opted in. */
export const TEAM = 'team';

/** A control plane with everything set up as `kisimd setup` does, three empty nodes, and the program's own account. */
export class ActingCluster {
  readonly plane: ControlPlane;
  /** As the operator. */
  readonly admin: KubeApi;
  /** As the program. */
  readonly api: KubeApi;
  #numbered = 0;

  private constructor(plane: ControlPlane, admin: KubeApi, api: KubeApi) {
    this.plane = plane;
    this.admin = admin;
    this.api = api;
  }

  /** @param gating by the policy; a test that gates pods otherwise leaves it out */
  static async start(cleanups: Cleanups, gating = true): Promise<ActingCluster> {
    const plane = await ControlPlane.start(programHere()!, cleanups);
    const connect = async (file: string): Promise<ClientNodeApi> => {
      const api = await ClientNodeApi.fromKubeconfig({ file });
      cleanups.add('client', () => api.close());
      return api;
    };
    const admin = await connect(plane.kubeconfig);
    const file = await installProgram(plane, admin, gating);
    const cluster = new ActingCluster(plane, admin, await connect(file));
    await cluster.namespace(TEAM, { [OPT_IN_LABEL]: OPT_IN_VALUE });
    for (const name of ['n1', 'n2', 'n3']) await cluster.node(name);
    if (gating) await cluster.gated();
    return cluster;
  }

  async namespace(name: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.create('/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels },
    });
  }

  async node(name: string): Promise<void> {
    await this.create('/api/v1/nodes', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { 'kubernetes.io/hostname': name, number: name.slice(1) } },
      status: { allocatable: { cpu: '16', memory: '64Gi', pods: '200' } },
    });
  }

  create(path: string, object: ApiObject): Promise<unknown> {
    return succeed(this.admin, 'POST', path, object);
  }

  read<T>(path: string): Promise<T> {
    return succeed(this.admin, 'GET', path) as Promise<T>;
  }

  /** A pod as the server made it. */
  async pod(
    spec: Readonly<Record<string, unknown>> = {},
    metadata: Readonly<Record<string, unknown>> = {},
    namespace = TEAM,
  ): Promise<ApiPod> {
    this.#numbered += 1;
    return (await this.create(`/api/v1/namespaces/${namespace}/pods`, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `pod-${this.#numbered}`, namespace, ...metadata },
      spec: { containers: [{ name: 'main', image: 'registry.example/base:1' }], ...spec },
    })) as ApiPod;
  }

  /** The node that the scheduler gives a pod. */
  boundNode({ metadata }: ApiPod): Promise<string> {
    const path = `/api/v1/namespaces/${metadata!.namespace}/pods/${metadata!.name}`;
    return waitFor(`${metadata!.name} to be bound`, 30, async () => {
      return (await this.read<ApiPod>(path)).spec?.nodeName;
    });
  }

  /** Until new pods are gated: policies and webhooks reach the server's own cache a moment after they were made. */
  async gated(): Promise<void> {
    await waitFor('a pod to be gated', 30, async () => {
      const { metadata, spec } = await this.pod();
      const path = `/api/v1/namespaces/${TEAM}/pods/${metadata!.name}`;
      await succeed(this.admin, 'DELETE', path, { gracePeriodSeconds: 0 });
      return (spec?.schedulingGates ?? []).length > 0;
    });
  }
}
