import type { NodeIdentity } from '../../src/kubernetes/energy/node-identity.ts';

export function anIdentity(name: string, over: Partial<NodeIdentity> = {}): NodeIdentity {
  return { name, machineId: '', systemUuid: '', bootId: '', addresses: [], ...over };
}
