import type { ApiNode, ApiObject } from './api-objects.ts';
import type { EfficiencyTier } from './efficiency-tiers.ts';
import { type PatchOperation, pointer, sameObject } from './json-patch.ts';
import type { KubeRequest } from './kube-api.ts';
import { COMPONENT, TIER_LABEL, TIER_TAINT } from './names.ts';

/**
 * The request that gives a node the label of its tier, or takes the label away, by server-side apply: the label is the only
 * field that the program owns, so that an apply without it removes it, and no other label is touched. Forced, as nobody else
 * has a use for a label of this domain.
 */
export function labelNode(node: string, tier: EfficiencyTier | undefined): KubeRequest {
  const body: ApiObject = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: node, ...(tier === undefined ? {} : { labels: { [TIER_LABEL]: tier } }) },
  };
  return {
    method: 'PATCH',
    path: `/api/v1/nodes/${node}`,
    patchType: 'apply',
    query: { fieldManager: COMPONENT, force: true },
    body,
  };
}

/**
 * Marks a node as one to avoid (PreferNoSchedule: pods come to it where they find no other), or takes the mark away. Taints
 * are one list with one owner, so that it is written at the version that was read.
 *
 * @returns undefined where the node is as it should be
 */
export function taintPatch(node: ApiNode, avoided: boolean): readonly PatchOperation[] | undefined {
  const taints = node.spec?.taints ?? [];
  const at = taints.findIndex(({ key, effect }) => key === TIER_TAINT && effect === 'PreferNoSchedule');
  if (at >= 0 === avoided) return undefined;
  return [...sameObject(node.metadata ?? {}), ...changed(taints.length, at)];
}

function changed(count: number, at: number): PatchOperation[] {
  if (at >= 0) {
    const path = pointer('spec', 'taints', at);
    return [
      { op: 'test', path: `${path}/key`, value: TIER_TAINT },
      { op: 'remove', path },
    ];
  }
  const taint = { key: TIER_TAINT, effect: 'PreferNoSchedule' };
  return [
    count === 0
      ? { op: 'add', path: '/spec/taints', value: [taint] }
      : { op: 'add', path: '/spec/taints/-', value: taint },
  ];
}
