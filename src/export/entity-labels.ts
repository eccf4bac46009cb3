import { labelText } from '../util/exposition.ts';
import type { EntityTotals } from './entity-ledger.ts';

/** The labels of an entity without zone and source. */
export function entityLabels(totals: EntityTotals, nodeName: string): string {
  const { entity } = totals;
  const state = totals.endedAtNanoseconds === undefined ? 'running' : 'terminated';
  switch (entity.kind) {
    case 'process':
      // No node_name here: with a thousand processes it would be the greater part of what Prometheus already
      // knows as `instance`.
      return labelText({
        pid: String(entity.pid ?? 0),
        comm: entity.name,
        exe: entity.exe,
        type: entity.vmId !== '' ? 'vm' : entity.containerId !== '' ? 'container' : 'regular',
        state,
        container_id: entity.containerId,
        vm_id: entity.vmId,
        account: exitedAccount(entity.key),
      });
    case 'container':
      return labelText({
        container_id: entity.containerId,
        container_name: entity.name,
        runtime: entity.runtime,
        state,
        pod_id: entity.podUid,
        node_name: nodeName,
      });
    case 'vm':
      return labelText({
        vm_id: entity.vmId,
        vm_name: entity.name,
        hypervisor: entity.runtime,
        state,
        pod_id: entity.podUid,
        node_name: nodeName,
      });
    case 'pod':
      return labelText({
        pod_id: entity.podUid,
        pod_name: entity.name,
        pod_namespace: entity.namespace,
        state,
        node_name: nodeName,
      });
    case 'unit':
      return labelText({
        unit: entity.name,
        cgroup: entity.key.slice('unit:'.length),
        state,
        node_name: nodeName,
      });
  }
}

const exitedPrefix = 'process:exited:';

/** What exited between two scans has no pid; the account that it belonged to makes its series unique. */
function exitedAccount(key: string): string {
  return key.startsWith(exitedPrefix) ? key.slice(exitedPrefix.length) : '';
}
