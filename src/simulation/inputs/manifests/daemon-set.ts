import type { Node } from '../../../cluster/node.ts';
import type { PodScheduling, Toleration } from '../../../cluster/pod.ts';
import { RequiredNodes } from '../../../policy/kube/node-selection.ts';
import { toleratesAll } from '../../../policy/kube/plugins/taint-toleration.ts';

/** What the controller adds, so that its pods stay through a node's troubles (pkg/controller/daemon/util). */
const tolerated: readonly (readonly [string, Toleration['effect']])[] = [
  ['not-ready', 'NoExecute'],
  ['unreachable', 'NoExecute'],
  ['disk-pressure', 'NoSchedule'],
  ['memory-pressure', 'NoSchedule'],
  ['pid-pressure', 'NoSchedule'],
  ['unschedulable', 'NoSchedule'],
];

/**
 * The pods of a DaemonSet: one for each node that its template does not rule out by selector, affinity or taints, tied
 * to it by name. Whether they fit there is for the scheduler to see.
 *
 * @param template what the API server makes of the template
 */
export function daemonPods(
  template: PodScheduling,
  hostNetwork: boolean,
  nodes: readonly Node[],
): readonly { readonly node: string; readonly scheduling: PodScheduling }[] {
  const tolerations = [
    ...template.tolerations,
    ...[...tolerated, ...(hostNetwork ? [['network-unavailable', 'NoSchedule'] as const] : [])].map(
      ([key, effect]): Toleration => ({
        key: `node.kubernetes.io/${key}`,
        operator: 'Exists',
        value: '',
        effect,
      }),
    ),
  ];
  const required = new RequiredNodes(template);
  return nodes
    .filter((node) => required.matches(node) && toleratesAll(tolerations, node.taints ?? []))
    .map(({ name }) => {
      const matchFields = [{ key: 'metadata.name', operator: 'In', values: [name] } as const];
      const nodeAffinity = {
        required: [{ matchExpressions: [], matchFields }],
        preferred: template.nodeAffinity?.preferred ?? [],
      };
      return { node: name, scheduling: { ...template, tolerations, nodeAffinity } };
    });
}
