import { OPT_IN_LABEL, OPT_IN_VALUE, PLACEMENT_GATE, SKIP_LABEL } from '../names.ts';

/** Which pods are gated when they are made. */
export interface GateScope {
  /** Of the program itself, whose own pods must start without it. */
  readonly namespace: string;
  /** Schedulers that heed node affinity; the default scheduler where left out. */
  readonly schedulers?: readonly string[];
}

/** Never gated, opted in or not. */
const systemNamespaces = ['kube-system', 'kube-public', 'kube-node-lease'];

/** The scheduler of a pod that names none. */
export const DEFAULT_SCHEDULER = 'default-scheduler';

/** Selectors of namespaces and of pods, in the form of both MutatingAdmissionPolicy and webhooks. */
export function gateSelectors({ namespace }: GateScope): {
  readonly namespaceSelector: object;
  readonly objectSelector: object;
} {
  return {
    namespaceSelector: {
      matchLabels: { [OPT_IN_LABEL]: OPT_IN_VALUE },
      matchExpressions: [
        {
          key: 'kubernetes.io/metadata.name',
          operator: 'NotIn',
          values: [...systemNamespaces, namespace],
        },
      ],
    },
    objectSelector: { matchExpressions: [{ key: SKIP_LABEL, operator: 'DoesNotExist' }] },
  };
}

export const gateRule = {
  apiGroups: [''],
  apiVersions: ['v1'],
  operations: ['CREATE'],
  resources: ['pods'],
} as const;

/** In CEL: pods of DaemonSets and static pods have their node already, and a gate cannot be set beside a node's name. */
export function gateConditions({ schedulers = [DEFAULT_SCHEDULER] }: GateScope): readonly {
  readonly name: string;
  readonly expression: string;
}[] {
  const names = schedulers.map((name) => `'${name}'`).join(', ');
  const unnamed = schedulers.includes(DEFAULT_SCHEDULER) ? 'true' : 'false';
  return [
    {
      name: 'not-of-a-node',
      expression:
        "!has(object.metadata.ownerReferences) || !object.metadata.ownerReferences.exists(o, o.kind in ['DaemonSet', 'Node'])",
    },
    { name: 'not-bound', expression: "!has(object.spec.nodeName) || object.spec.nodeName == ''" },
    {
      name: 'scheduler',
      expression: `!has(object.spec.schedulerName) ? ${unnamed} : object.spec.schedulerName in [${names}]`,
    },
    {
      name: 'not-gated',
      expression: `!has(object.spec.schedulingGates) || !object.spec.schedulingGates.exists(g, g.name == '${PLACEMENT_GATE}')`,
    },
  ];
}
