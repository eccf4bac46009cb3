import type { TemplateChoice } from './affinity.ts';
import type { ApiDeployment, ApiNode } from './api-objects.ts';
import { deploymentAffinityPatch } from './deployment-affinity.ts';
import type { EfficiencyTier } from './efficiency-tiers.ts';
import { type GuardedResult, type GuardedWrites, guardedPatch } from './guarded-patch.ts';
import { labelNode, taintPatch } from './node-advice.ts';
import { refusal } from './refusal.ts';

/** How often a patch of these is refused until it is given up: there is no other to try. */
const NO_REFUSAL = 0;

/** Writes what is advice to a scheduler, and waits for nobody: labels and marks of nodes, preferences of Deployments. */
export class Adviser {
  readonly #writes: GuardedWrites;

  constructor(writes: GuardedWrites) {
    this.#writes = writes;
  }

  /**
   * Gives a node the label of its tier, or takes it away.
   *
   * @returns whether it was written: not where the lease is lost
   * @throws KISIM_E_KUBE_... where the server refuses or does not answer
   */
  async label(node: string, tier: EfficiencyTier | undefined): Promise<boolean> {
    if (!this.#writes.stillLeader()) return false;
    const request = labelNode(node, tier);
    const response = await this.#writes.api.request(request);
    if (response.status !== 200) throw refusal(request, response);
    return true;
  }

  /** Marks a node as one to avoid, or takes the mark away; `settled` where it is so already. */
  avoid(node: ApiNode, avoided: boolean): Promise<GuardedResult<ApiNode>> {
    return guardedPatch(this.#writes, {
      path: `/api/v1/nodes/${node.metadata?.name ?? ''}`,
      object: node,
      propose: (current) => taintPatch(current, avoided),
      mostRefusals: NO_REFUSAL,
    });
  }

  /**
   * Sets the preferences of a Deployment's template, or takes them out: all of its pods are replaced. `settled` where they are
   * so already.
   */
  prefer(
    deployment: ApiDeployment,
    nodes: TemplateChoice['nodes'] | undefined,
  ): Promise<GuardedResult<ApiDeployment>> {
    const { namespace = 'default', name = '' } = deployment.metadata ?? {};
    return guardedPatch(this.#writes, {
      path: `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`,
      object: deployment,
      propose: (current) => deploymentAffinityPatch(current, nodes),
      mostRefusals: NO_REFUSAL,
    });
  }
}
