import { join } from 'node:path';
import { meterErrors } from '../errors.ts';
import { readSysfsText } from '../sysfs.ts';

/** What /proc/cpuinfo says of the first processor. x86 has vendor, family, model, stepping; ARM implementer and part. */
export interface CpuIdentity {
  readonly vendor: string | undefined;
  readonly family: number | undefined;
  readonly model: number | undefined;
  readonly stepping: number | undefined;
  readonly implementer: string | undefined;
  readonly part: string | undefined;
  /** For people; '' where there is none (ARM). */
  readonly modelName: string;
  /** Hardware threads that this host sees: a guest sees its own. */
  readonly threads: number;
  /** The processor says that it is a hypervisor's (x86 only). */
  readonly virtual: boolean;
}

/** Reads `<proc>/cpuinfo`. Throws KISIM_E_METER_CPUINFO_UNREADABLE. */
export function readCpuIdentity(proc: string): CpuIdentity {
  const path = join(proc, 'cpuinfo');
  const { text, error } = readSysfsText(path);
  if (text === undefined) throw meterErrors.KISIM_E_METER_CPUINFO_UNREADABLE(`${path} (${error})`);
  const identity = parseCpuinfo(text);
  if (identity.threads === 0)
    throw meterErrors.KISIM_E_METER_CPUINFO_UNREADABLE(`${path} lists no processor`);
  return identity;
}

export function parseCpuinfo(text: string): CpuIdentity {
  const first = new Map<string, string>();
  let threads = 0;
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon < 0) continue;
    const key = line.slice(0, colon).trim();
    if (key === 'processor') threads += 1;
    if (!first.has(key)) first.set(key, line.slice(colon + 1).trim());
  }
  const number = (key: string) => {
    const value = first.get(key);
    return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
  };
  return {
    vendor: first.get('vendor_id'),
    family: number('cpu family'),
    model: number('model'),
    stepping: number('stepping'),
    implementer: first.get('CPU implementer'),
    part: first.get('CPU part'),
    modelName: first.get('model name') ?? '',
    threads,
    virtual: (first.get('flags') ?? '').split(' ').includes('hypervisor'),
  };
}
