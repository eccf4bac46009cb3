import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * CPU time in seconds of the cgroup that a process is in, dead members included: `cpuacct.usage` (v1, ns) or
 * `usage_usec` of `cpu.stat` (v2).
 */
export function cgroupCpuReader(pid: number): () => number {
  const lines = readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim().split('\n');
  for (const line of lines) {
    const [, controllers = '', path = ''] = line.match(/^\d+:([^:]*):(.*)$/) ?? [];
    if (controllers.split(',').includes('cpuacct') && path !== '/') {
      const file = ['/sys/fs/cgroup/cpuacct', '/sys/fs/cgroup/cpu,cpuacct']
        .map((mount) => join(mount, path, 'cpuacct.usage'))
        .find((candidate) => existsSync(candidate));
      if (file !== undefined) return () => Number(readFileSync(file, 'utf8')) / 1e9;
    }
    if (controllers === '' && path !== '/') {
      const file = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified']
        .map((mount) => join(mount, path, 'cpu.stat'))
        .find((candidate) => existsSync(candidate));
      if (file !== undefined) {
        return () => Number(readFileSync(file, 'utf8').match(/^usage_usec (\d+)$/m)?.[1]) / 1e6;
      }
    }
  }
  throw new Error(`no cgroup of process ${pid} counts CPU time:\n${lines.join('\n')}`);
}
