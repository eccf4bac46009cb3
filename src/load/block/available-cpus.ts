import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { parseCgroup } from '../../inventory/cgroup-text.ts';
import { readOptionalFile } from '../../inventory/optional-file.ts';
import type { HostRoots } from '../../util/host-roots.ts';

/**
 * Cores that this process may use: those of its affinity, or what the narrowest limit of its control groups leaves, in
 * parts of a core.
 */
export function availableCores(roots: HostRoots): number {
  return Math.min(allowedCpus(roots.proc), ...cgroupLimits(roots));
}

/** proc_pid_status(5), `0-3,8`. Node's own count takes limits of control groups too, rounded down. */
function allowedCpus(proc: string): number {
  const status = readFileSync(join(proc, 'self/status'), 'utf8');
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1];
  if (list === undefined) return availableParallelism();
  return list.split(',').reduce((sum, part) => {
    const [from, to = from] = part.split('-').map(Number);
    return sum + to! - from! + 1;
  }, 0);
}

/** The limits of the groups from ours upwards, as far as they can be seen. */
function cgroupLimits({ proc, sys }: Pick<HostRoots, 'proc' | 'sys'>): readonly number[] {
  const mountinfo = readOptionalFile(join(proc, 'self/mountinfo')) ?? '';
  const own = parseCgroup(readOptionalFile(join(proc, 'self/cgroup')) ?? '');
  const limits: number[] = [];
  for (const { root, point, isUnified } of cpuMounts(mountinfo)) {
    const line = own.find(({ hierarchy, controllers }) =>
      isUnified ? hierarchy === 0 : controllers.includes('cpu'),
    );
    if (line === undefined) continue;
    const top = point.replace(/^\/sys(?=\/)/, sys);
    const below =
      root === '/' ? line.path : line.path.startsWith(`${root}/`) ? line.path.slice(root.length) : '/';
    for (let folder = join(top, below); folder.startsWith(top); folder = dirname(folder)) {
      const limit = isUnified ? unifiedLimit(folder) : quotaLimit(folder);
      if (limit !== undefined) limits.push(limit);
      if (folder === top || `${folder}/` === top) break;
    }
  }
  return limits;
}

interface CpuMount {
  readonly root: string;
  readonly point: string;
  readonly isUnified: boolean;
}

/** Where control groups with limits of CPU are mounted (proc_pid_mountinfo(5)). */
function cpuMounts(mountinfo: string): readonly CpuMount[] {
  return mountinfo.split('\n').flatMap((line): CpuMount[] => {
    const [left = '', right = ''] = line.split(' - ');
    const [, , , root = '/', point = ''] = left.split(' ');
    const [type, , options = ''] = right.split(' ');
    if (type === 'cgroup2') return [{ root, point, isUnified: true }];
    const isCpu = type === 'cgroup' && options.split(',').includes('cpu');
    return isCpu ? [{ root, point, isUnified: false }] : [];
  });
}

/** cgroup-v2.rst, cpu.max: `max 100000` or `150000 100000`. */
function unifiedLimit(folder: string): number | undefined {
  const [quota, period] = (readOptionalFile(join(folder, 'cpu.max')) ?? '').trim().split(' ').map(Number);
  return ratio(quota, period);
}

/** sched-bwc.rst; a quota of -1 is no limit. */
function quotaLimit(folder: string): number | undefined {
  const read = (name: string) => Number(readOptionalFile(join(folder, name)) ?? Number.NaN);
  return ratio(read('cpu.cfs_quota_us'), read('cpu.cfs_period_us'));
}

function ratio(quota = Number.NaN, period = Number.NaN): number | undefined {
  return quota > 0 && period > 0 ? quota / period : undefined;
}
