import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { MANAGED_BY_LABEL } from '../../../../src/kubernetes/names.ts';
import type { Cleanups } from '../../../system/support/cleanups.ts';
import { attempt, output } from '../../../system/support/run-command.ts';
import { waitFor } from '../../../system/support/wait-for.ts';
import type { Component, SchedulerOptions } from '../control-plane.ts';
import { ControlPlane } from '../control-plane.ts';
import { programHere } from '../in-namespace.ts';
import { clusterFolder } from '../leftovers.ts';
import { writeImages } from './images.ts';
import { removeGroupsOfTheDead } from './node-groups.ts';
import { RealNode } from './real-node.ts';
import { pod as podOf } from './workloads.ts';

const NODES = ['node1', 'node2'] as const;

/** A whole Kubernetes with two nodes that run containers, used as its operator does: with kubectl. */
export class RealCluster {
  readonly plane: ControlPlane;
  readonly nodes: readonly RealNode[];
  #scheduler: Component | undefined;

  private constructor(plane: ControlPlane, nodes: readonly RealNode[]) {
    this.plane = plane;
    this.nodes = nodes;
  }

  /** @param moreImages writes archives of further images into a folder, for the nodes to have */
  static async start(
    cleanups: Cleanups,
    moreImages: (folder: string) => readonly string[] = () => [],
  ): Promise<RealCluster> {
    removeGroupsOfTheDead();
    const folder = clusterFolder('nodes', cleanups);
    const plane = await ControlPlane.start(programHere()!, cleanups, NODES);
    const images = [...writeImages(folder), ...moreImages(folder)];
    const nodes = NODES.map((name, index) => {
      const own = join(folder, name);
      mkdirSync(own);
      const node = RealNode.start({ name, number: index + 1, folder: own, images, plane });
      cleanups.add(name, () => node.stop());
      return node;
    });
    const cluster = new RealCluster(plane, nodes);
    await cluster.restartScheduler();
    await plane.startControllerManager();
    await Promise.all(nodes.map((node) => node.ready(plane)));
    return cluster;
  }

  /** Starts the scheduler, in place of the one that runs. */
  async restartScheduler(options: SchedulerOptions = {}): Promise<void> {
    if (this.#scheduler !== undefined) await this.plane.stop(this.#scheduler);
    const started = this.plane.startScheduler(options);
    // Nobody reads its log; a full pipe would hold it up.
    started.output.resume();
    this.#scheduler = started;
  }

  /** Runs kubectl and returns what it prints. */
  kubectl(...words: readonly string[]): string {
    return output([this.plane.program, 'kubectl', '--kubeconfig', this.plane.kubeconfig, ...words]);
  }

  /** What `kubectl get` shows of one object. */
  object<T>(...words: readonly string[]): T {
    return JSON.parse(this.kubectl('get', '--output', 'json', ...words)) as T;
  }

  /** Everything of any kind that carries the label of what `kisimd setup` makes. */
  managedObjects(): readonly string[] {
    const kinds = this.kubectl('api-resources', '--verbs=list', '--output=name').trim().split('\n');
    const selector = `--selector=${MANAGED_BY_LABEL}=kisimd`;
    const found = this.kubectl('get', kinds.join(','), '--all-namespaces', selector, '--output=name');
    return found.split('\n').filter((line) => line !== '');
  }

  /** `kubectl apply` of objects. */
  apply(...objects: readonly object[]): void {
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    const command = [this.plane.program, 'kubectl', '--kubeconfig', this.plane.kubeconfig];
    const { status, stderr } = attempt([
      'sh',
      '-c',
      'printf %s "$1" | { shift; "$@"; }',
      'sh',
      list,
      ...command,
      'apply',
      '-f',
      '-',
    ]);
    if (status !== 0) throw new Error(`kubectl apply: ${stderr}`);
  }

  /** Until pods of a namespace are gated: policies reach the server's own cache a moment after they were made. */
  async gated(namespace: string): Promise<void> {
    const path = `/api/v1/namespaces/${namespace}/pods?dryRun=All`;
    await waitFor(`${namespace} to be gated`, 30, async () => {
      const made = (await this.plane.client.call('POST', path, podOf(namespace, 'probe'))) as RealPod;
      return (made.spec.schedulingGates ?? []).length > 0;
    });
  }

  /** Waits until the pods of a selector, all of so many, satisfy a condition. */
  async pods(
    namespace: string,
    selector: string,
    count: number,
    condition: (pod: RealPod) => boolean,
    seconds = 60,
  ): Promise<readonly RealPod[]> {
    return await waitFor(`${count} pods ${selector}`, seconds, async () => {
      const pods = await this.podsNow(namespace, selector);
      if (pods.length === count && pods.every(condition)) return pods;
      throw new Error(JSON.stringify(pods.map(({ metadata, spec, status }) => ({ metadata, spec, status }))));
    });
  }

  async podsNow(namespace: string, selector: string): Promise<readonly RealPod[]> {
    const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(selector)}`;
    return ((await this.plane.client.call('GET', path)) as { items: readonly RealPod[] }).items;
  }
}

/** As much of a pod as these tests look at. */
export interface RealPod {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly nodeName?: string;
    readonly schedulingGates?: readonly { readonly name: string }[];
    readonly affinity?: object;
  };
  readonly status: {
    readonly phase: string;
    readonly podIP?: string;
    readonly containerStatuses?: readonly { readonly ready: boolean; readonly restartCount: number }[];
  };
}

export function isReady({ status }: RealPod): boolean {
  return status.containerStatuses?.every(({ ready }) => ready) === true;
}

export function isGated({ spec }: RealPod): boolean {
  return (spec.schedulingGates ?? []).length > 0;
}
