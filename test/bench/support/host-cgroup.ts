import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where this host counts the CPU time of cgroups: the v1 cpuacct hierarchy if there is one, else v2. */
export function cpuHierarchy(): { readonly root: string; readonly version: 1 | 2 } | undefined {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '));
  const v1 = mounts.find(
    ([, , type, options]) => type === 'cgroup' && options?.split(',').includes('cpuacct'),
  );
  const v2 = mounts.find(([, , type]) => type === 'cgroup2');
  const root = (v1 ?? v2)?.[1];
  return root === undefined ? undefined : { root, version: v1 === undefined ? 2 : 1 };
}

/** The host's counter of CPU time worked: exact where v1 has one, else the ticks of /proc/stat. */
export function busyCounterPath(): string {
  const hierarchy = cpuHierarchy();
  const exact = hierarchy?.version === 1 ? join(hierarchy.root, 'cpuacct.usage') : '';
  return existsSync(exact) ? exact : '/proc/stat';
}

/** A cgroup that a benchmark makes for its own processes, named as a container runtime would name it. */
export class HostCgroup {
  readonly folder: string;

  constructor(path: string) {
    const hierarchy = cpuHierarchy();
    if (hierarchy === undefined) throw new Error('no cgroup hierarchy is mounted');
    this.folder = join(hierarchy.root, path);
    mkdirSync(this.folder, { recursive: true });
  }

  /** Shell words that put the shell itself into the cgroup. */
  get joinCommand(): string {
    return `echo $$ > '${join(this.folder, 'cgroup.procs')}'`;
  }

  add(pid: number): void {
    writeFileSync(join(this.folder, 'cgroup.procs'), String(pid));
  }

  /** Removes the cgroup, and the parent that it made; it must be empty. */
  remove(): void {
    rmdirSync(this.folder);
    try {
      rmdirSync(dirname(this.folder));
    } catch (error) {
      // Somebody else's cgroups live there too.
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EBUSY' && code !== 'ENOTEMPTY') throw error;
    }
  }
}
