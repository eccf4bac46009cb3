import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CgroupMounts } from '../../inventory/cgroup-mounts.ts';
import type { HostRoots } from '../../util/host-roots.ts';
import type { Finding } from './finding.ts';
import { foundOr, probeFolder, probeText } from './probe-file.ts';

/** The layout of cgroups and where their CPU counters are. */
export function cgroupFinding(roots: HostRoots): Finding {
  const subject = { topic: 'containers', subject: 'cgroups' } as const;
  const { mounts } = CgroupMounts.discover(roots);
  const v1 = mounts.find((mount) => mount.hierarchy === 'cpuacct');
  const v2 = mounts.find((mount) => mount.hierarchy === 'unified');
  if (v1 === undefined && v2 === undefined) {
    return {
      ...subject,
      mark: 'refused',
      says: 'no cgroup mount with CPU counters: processes are metered, containers are sums of their processes',
      action:
        '`sudo mount -t cgroup2 none /sys/fs/cgroup`; in a container mount the host folder /sys/fs/cgroup into it',
    };
  }
  const layout = v1 === undefined ? 'v2' : v2 === undefined ? 'v1' : 'hybrid (v1 counters, v2 beside them)';
  const folders = mounts.map(
    (mount) => `${mount.folder}${mount.root === '/' ? '' : ` (shows ${mount.root})`}`,
  );
  const partial = mounts.every((mount) => mount.root !== '/');
  return {
    ...subject,
    mark: partial ? 'warn' : 'ok',
    says: `${layout}: ${folders.join(', ')}`,
    ...(partial ? { action: 'run with the host cgroup namespace (`--cgroupns=host`) to see everybody' } : {}),
  };
}

const runtimes: readonly (readonly [name: string, paths: readonly string[]])[] = [
  ['containerd', ['run/containerd/containerd.sock', 'run/k3s/containerd/containerd.sock']],
  ['docker', ['run/docker.sock', 'var/run/docker.sock']],
  ['cri-o', ['run/crio/crio.sock', 'var/run/crio/crio.sock']],
  ['podman', ['run/podman/podman.sock', 'var/lib/containers/storage']],
  ['lxc', ['var/lib/lxc', 'var/lib/lxd', 'var/lib/incus']],
  ['kubelet', ['var/lib/kubelet']],
];

/** Container runtimes with something of theirs on this host. Nothing needs to be configured for them. */
export function runtimeFinding(roots: Pick<HostRoots, 'root'>): Finding {
  const found = runtimes.flatMap(([name, paths]) => {
    const path = paths.map((each) => join(roots.root, each)).find((each) => existsSync(each));
    return path === undefined ? [] : [`${name} (${path})`];
  });
  const subject = { topic: 'containers', subject: 'runtimes' } as const;
  return found.length === 0
    ? { ...subject, mark: 'absent', says: 'no container runtime found' }
    : { ...subject, mark: 'ok', says: found.join(', ') };
}

/** QEMU guests that run now. */
export function guestFinding(roots: Pick<HostRoots, 'proc'>): Finding {
  const guests = (foundOr(probeFolder(roots.proc)) ?? [])
    .filter(({ name }) => /^\d+$/.test(name))
    .flatMap(({ name: pid }) => {
      // A process may be gone by now, and its command line may be hidden: then it is not counted.
      const program = foundOr(probeText(join(roots.proc, pid, 'cmdline')))?.split('\0')[0] ?? '';
      return /(?:^|\/)(?:qemu-system-[\w-]+|qemu-kvm|kvm)$/.test(program) ? [pid] : [];
    });
  const subject = { topic: 'containers', subject: 'virtual machines' } as const;
  return guests.length === 0
    ? { ...subject, mark: 'absent', says: 'no QEMU guest runs' }
    : { ...subject, mark: 'ok', says: `QEMU guests running: ${guests.length} (pid ${guests.join(', ')})` };
}
