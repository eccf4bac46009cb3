import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../../util/errors.ts';
import type { HostRoots } from '../../util/host-roots.ts';
import { foundOr, probeText } from './probe-file.ts';

/** Bits of capabilities(7). */
const capabilityBits = {
  CAP_DAC_OVERRIDE: 1n,
  CAP_DAC_READ_SEARCH: 2n,
  CAP_NET_ADMIN: 12n,
  CAP_SYS_ADMIN: 21n,
  CAP_PERFMON: 38n,
} as const;

export type Capability = keyof typeof capabilityBits;

/** Inode numbers that the kernel gives its first namespaces (include/linux/proc_ns.h). */
const firstNamespaces = { pid: 0xeffffffc, user: 0xeffffffd } as const;

/** Who the doctor is, as the kernel sees it. */
export interface Identity {
  readonly uid: number;
  readonly capabilities: ReadonlySet<Capability>;
  /** Names of namespaces that are not the host's first ones; undefined = could not be told. */
  readonly ownNamespaces: readonly string[] | undefined;
}

/** Reads <proc>/self: effective user, effective capabilities, namespaces. */
export function readIdentity(roots: Pick<HostRoots, 'proc'>): Identity {
  const status = foundOr(probeText(join(roots.proc, 'self/status'))) ?? '';
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  const uid = /^Uid:\s+\d+\s+(\d+)/m.exec(status)?.[1];
  const names = Object.keys(capabilityBits) as Capability[];
  return {
    uid: uid === undefined ? (process.geteuid?.() ?? -1) : Number(uid),
    capabilities: new Set(names.filter((name) => ((effective >> capabilityBits[name]) & 1n) === 1n)),
    ownNamespaces: ownNamespaces(roots.proc),
  };
}

function ownNamespaces(proc: string): readonly string[] | undefined {
  const own: string[] = [];
  try {
    for (const [name, inode] of Object.entries(firstNamespaces)) {
      if (readlinkSync(join(proc, 'self/ns', name)) !== `${name}:[${inode}]`) own.push(name);
    }
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
  return own;
}
