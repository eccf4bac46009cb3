import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../../util/errors.ts';
import type { HostRoots } from '../../util/host-roots.ts';
import type { Finding } from './finding.ts';
import type { Identity } from './identity.ts';
import { foundOr, probeFolder, probeText } from './probe-file.ts';

function mayRead(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return false;
  }
}

function modeOf(path: string): string {
  try {
    const { mode, uid, gid } = statSync(path);
    return `mode 0${(mode & 0o777).toString(8)}, owner ${uid}:${gid}`;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return code;
  }
}

/** Who may read the powercap counters: 0400 root since Linux 5.10 (CVE-2020-8694). */
export function powercapPermission(roots: Pick<HostRoots, 'sys'>): Finding {
  const subject = { topic: 'energy', subject: 'powercap files' } as const;
  const folder = join(roots.sys, 'class/powercap');
  const listed = probeFolder(folder);
  if ('error' in listed && listed.error !== 'ENOENT') {
    return {
      ...subject,
      mark: 'refused',
      says: `${folder} cannot be listed: ${listed.error}`,
      action: 'in a container mount the host folder /sys and run with `--set roots.sys=PATH`',
    };
  }
  const counters = (foundOr(listed) ?? [])
    .filter(({ name }) => name.includes(':'))
    .map(({ name }) => join(folder, name, 'energy_uj'));
  if (counters.length === 0) {
    return { ...subject, mark: 'absent', says: `no zones in ${folder}` };
  }
  const closed = counters.filter((path) => !mayRead(path));
  const [first] = closed;
  if (first === undefined)
    return { ...subject, mark: 'ok', says: `this user may read all ${counters.length} counters` };
  return {
    ...subject,
    mark: closed.length === counters.length ? 'refused' : 'warn',
    says: `${closed.length} of ${counters.length} counters may not be read, such as ${first} (${modeOf(first)})`,
    action:
      '`sudo kisimd install-service` lets the group kisimd read them; for your own group until the next boot: ' +
      `\`sudo chgrp "$(id -gn)" ${join(folder, '*/energy_uj')} && sudo chmod 0440 ${join(folder, '*/energy_uj')}\``,
  };
}

/** Whether the kernel's perf `power` PMU may be opened: CAP_PERFMON, or perf_event_paranoid below 1. */
export function perfPermission(roots: HostRoots, { capabilities }: Identity, nodePath: string): Finding {
  const subject = { topic: 'energy', subject: 'perf power' } as const;
  const folder = join(roots.sys, 'bus/event_source/devices/power');
  const events = (foundOr(probeFolder(join(folder, 'events'))) ?? [])
    .map(({ name }) => name)
    .filter((name) => name.startsWith('energy-') && !name.includes('.'));
  if (events.length === 0) return { ...subject, mark: 'absent', says: `no energy events in ${folder}` };
  const paranoid = foundOr(probeText(join(roots.proc, 'sys/kernel/perf_event_paranoid')));
  const what = `${events.join(', ')}; perf_event_paranoid is ${paranoid ?? 'unknown'}`;
  const may =
    capabilities.has('CAP_PERFMON') ||
    capabilities.has('CAP_SYS_ADMIN') ||
    Number(paranoid ?? Number.NaN) < 1;
  if (may) return { ...subject, mark: 'ok', says: what };
  return {
    ...subject,
    mark: 'refused',
    says: `${what}, and this user has no CAP_PERFMON`,
    action: `\`sudo kisimd install-service\`; or for every program on this Node \`sudo setcap cap_perfmon=ep ${nodePath}\`; or for all users \`sudo sysctl kernel.perf_event_paranoid=0\``,
  };
}

/** The MSR device is not used; said because people look for it. */
export function msrFinding(roots: Pick<HostRoots, 'root'>): Finding {
  const path = join(roots.root, 'dev/cpu/0/msr');
  const there = 'found' in probeFolder(join(roots.root, 'dev/cpu/0')) && modeOf(path).startsWith('mode');
  return {
    topic: 'energy',
    subject: 'msr',
    mark: there ? 'ok' : 'absent',
    says: there
      ? `${path} is there; not needed, perf and powercap read the same counters`
      : `no ${path}; not needed`,
  };
}
