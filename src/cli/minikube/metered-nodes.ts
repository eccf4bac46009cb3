import type { Config } from '../../config/config.ts';
import { readHostIdentity } from '../../daemon/placement/host-identity.ts';
import type { NowSnapshot } from '../../export/now-snapshot.ts';
import { type Machine, matchNodes } from '../../kubernetes/energy/match-nodes.ts';
import { readNodeIdentity } from '../../kubernetes/energy/node-identity.ts';
import type { KubeApi } from '../../kubernetes/kube-api.ts';
import { listObjects } from '../../kubernetes/setup/calls.ts';
import { KisimError } from '../../util/errors.ts';
import { DaemonClient } from '../daemon-client.ts';

/** Whether a node of the cluster is metered on this machine, and as what. */
export interface MeteredNode {
  readonly node: string;
  /** `this host`, `vm NAME`, `container NAME`; undefined: not metered here. */
  readonly as: string | undefined;
  /** Why not. */
  readonly why: string | undefined;
}

export interface MeteredNodes {
  readonly nodes: readonly MeteredNode[];
  /** Why guests and containers of this machine are not known; undefined where they are. */
  readonly unknown: string | undefined;
}

/** Matches the cluster's nodes with what the daemon of this machine meters. @throws KISIM_E_KUBE_... */
export async function meteredNodes(
  api: KubeApi,
  config: Pick<Config, 'node' | 'roots' | 'export'>,
): Promise<MeteredNodes> {
  const identities = (await listObjects(api, '/api/v1/nodes')).map(readNodeIdentity);
  const { machines, unknown } = await knownMachines(config);
  const { host, machines: matched, reasons } = matchNodes(identities, readHostIdentity(config), machines);
  const keys = new Map([...matched].map(([key, node]) => [node, key]));
  return {
    unknown,
    nodes: identities.map(({ name }) => {
      if (name === host) return { node: name, as: 'this host', why: undefined };
      const machine = machines.find(({ key }) => key === keys.get(name));
      if (machine !== undefined) return { node: name, as: `${machine.kind} ${machine.name}`, why: undefined };
      return { node: name, as: undefined, why: reasons.get(name) };
    }),
  };
}

async function knownMachines(
  config: Pick<Config, 'export'>,
): Promise<{ readonly machines: readonly Machine[]; readonly unknown: string | undefined }> {
  let now: NowSnapshot | undefined;
  try {
    now = await new DaemonClient(config.export).now();
  } catch (error) {
    if (!(error instanceof KisimError)) throw error;
    return { machines: [], unknown: error.message };
  }
  if (now === undefined)
    return { machines: [], unknown: 'the daemon has not metered its first interval yet' };
  const machines = now.entities.filter(
    ({ kind, state }) => (kind === 'vm' || kind === 'container') && state === 'running',
  );
  return { machines, unknown: undefined };
}
