export type Labels = Readonly<Record<string, string>>;

/** Kubernetes' well-known labels, and ours for racks and servers. */
export const HOSTNAME_LABEL = 'kubernetes.io/hostname';
export const ZONE_LABEL = 'topology.kubernetes.io/zone';
export const REGION_LABEL = 'topology.kubernetes.io/region';
export const RACK_LABEL = 'topology.kisimd.io/rack';
export const SERVER_LABEL = 'topology.kisimd.io/server';
/** The kind of machine: the name of its row in a table of servers. */
export const SERVER_MODEL_LABEL = 'node.kisimd.io/server-model';

/** One requirement of a label selector; all of a selector's requirements must hold. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values: readonly string[];
}

/** Empty: matches everything. `undefined` where Kubernetes says null: matches nothing. */
export type LabelSelector = readonly LabelRequirement[];
