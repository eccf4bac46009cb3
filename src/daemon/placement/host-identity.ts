import { readFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import type { Config } from '../../config/config.ts';
import type { HostIdentity } from '../../kubernetes/energy/match-nodes.ts';
import { systemErrorCode } from '../../util/errors.ts';

/** What tells this host among the nodes of a cluster. */
export function readHostIdentity({ node, roots }: Pick<Config, 'node' | 'roots'>): HostIdentity {
  return {
    names: [...new Set([node.name, hostname()].map((name) => name.toLowerCase()))],
    machineId: textOf(`${roots.root.replace(/\/$/, '')}/etc/machine-id`),
    bootId: textOf(`${roots.proc}/sys/kernel/random/boot_id`),
    addresses: Object.values(networkInterfaces()).flatMap((each = []) =>
      // Every machine has the others.
      each.flatMap(({ address, internal }) => (internal || address.startsWith('fe80:') ? [] : [address])),
    ),
  };
}

/** '' where there is no such file, or we may not read it: other rules then tell. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim().toLowerCase();
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return '';
  }
}
