import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../util/errors.ts';
import type { HostRoots } from '../util/host-roots.ts';
import { parseCgroup } from './cgroup-text.ts';
import type { CounterHierarchy } from './process-cgroup.ts';

export interface CgroupMount {
  readonly hierarchy: Exclude<CounterHierarchy, 'none'>;
  /** Folder to open files in. */
  readonly folder: string;
  /** Which cgroup that folder shows: `/`, a subtree, or `/../..` seen from another cgroup namespace. */
  readonly root: string;
}

export interface CounterFile {
  readonly path: string;
  readonly format: 'usage-ns' | 'cpu-stat';
}

/** Where the CPU counters of cgroups are found on this host. */
export class CgroupMounts {
  readonly mounts: readonly CgroupMount[];
  readonly #wholeHost: boolean;

  private constructor(mounts: readonly CgroupMount[], wholeHost: boolean) {
    this.mounts = mounts;
    this.#wholeHost = wholeHost;
  }

  /** Reads <proc>/self/mountinfo (proc_pid_mountinfo(5)); where that is absent looks in the usual places. */
  static discover(roots: HostRoots): CgroupMounts {
    const text = readIfThere(join(roots.proc, 'self/mountinfo'));
    const listed = text === undefined ? [] : parseMounts(text, roots.sys);
    const mounts = listed.length > 0 ? listed : probeMounts(roots.sys);
    // From inside a cgroup namespace the first process of the host is seen outside of our root.
    const first = parseCgroup(readIfThere(join(roots.proc, '1/cgroup')) ?? '');
    return new CgroupMounts(mounts, !first.some((line) => line.path.startsWith('/..')));
  }

  /** The counter of a cgroup, or undefined where no mount shows it. */
  counterOf(hierarchy: CounterHierarchy, path: string): CounterFile | undefined {
    for (const mount of this.mounts) {
      if (mount.hierarchy !== hierarchy) continue;
      const below = relativePath(mount.root, path);
      if (below !== undefined) return counterFile(mount, below);
    }
    return undefined;
  }

  /** v1 only: the counter of the whole host. The root of v2 has none older kernels agree on; /proc/stat tells then. */
  rootCounter(): CounterFile | undefined {
    const mount = this.mounts.find((candidate) => candidate.hierarchy === 'cpuacct');
    if (mount === undefined || mount.root !== '/' || !this.#wholeHost) return undefined;
    return counterFile(mount, '');
  }
}

function counterFile(mount: CgroupMount, below: string): CounterFile {
  return mount.hierarchy === 'cpuacct'
    ? { path: join(mount.folder, below, 'cpuacct.usage'), format: 'usage-ns' }
    : { path: join(mount.folder, below, 'cpu.stat'), format: 'cpu-stat' };
}

function relativePath(root: string, path: string): string | undefined {
  if (root === '/') return path === '/..' || path.startsWith('/../') ? undefined : path;
  if (path === root) return '';
  if (!path.startsWith(`${root}/`)) return undefined;
  const below = path.slice(root.length);
  return below.startsWith('/../') || below === '/..' ? undefined : below;
}

type Listed = Omit<CgroupMount, 'folder'> & { readonly point: string };

function parseMounts(text: string, sysRoot: string): CgroupMount[] {
  const listed = text.split('\n').flatMap(parseMount);
  const below = listed.filter(({ point }) => point === sysRoot || point.startsWith(`${sysRoot}/`));
  // A played tree is not mounted itself: its mountinfo tells where things lie below /sys. But where the host's tree
  // is mounted at the injected root, a container's own /sys shows other cgroups under the same names.
  const mounts =
    below.length > 0
      ? below.map(({ point, ...mount }) => ({ ...mount, folder: point }))
      : listed
          .filter(({ point }) => point.startsWith('/sys/') || sysRoot === '/sys')
          .map(({ point, ...mount }) => ({ ...mount, folder: point.replace(/^\/sys(?=\/)/, sysRoot) }));
  // The widest view first: a container may see its own subtree beside the host's tree.
  return mounts.sort((a, b) => widthOf(b.root) - widthOf(a.root));
}

function parseMount(line: string): Listed[] {
  const [left, right] = line.split(' - ');
  if (left === undefined || right === undefined) return [];
  const [, , , root, point] = left.split(' ').map(unescapeMount);
  const [type, , options] = right.split(' ');
  const hierarchy = hierarchyOf(type, options);
  if (root === undefined || point === undefined || hierarchy === undefined) return [];
  return [{ hierarchy, root, point }];
}

function hierarchyOf(
  type: string | undefined,
  options: string | undefined,
): CgroupMount['hierarchy'] | undefined {
  if (type === 'cgroup2') return 'unified';
  return type === 'cgroup' && options?.split(',').includes('cpuacct') ? 'cpuacct' : undefined;
}

function widthOf(root: string): number {
  const segments = root.split('/').filter((segment) => segment !== '');
  const up = segments.filter((segment) => segment === '..').length;
  return up - (segments.length - up);
}

function probeMounts(sysRoot: string): CgroupMount[] {
  const base = join(sysRoot, 'fs/cgroup');
  const mounts: CgroupMount[] = [];
  for (const name of ['cpuacct', 'cpu,cpuacct', 'cpuacct,cpu']) {
    const folder = join(base, name);
    if (existsSync(join(folder, 'cpuacct.usage'))) {
      mounts.push({ hierarchy: 'cpuacct', folder, root: '/' });
      break;
    }
  }
  for (const folder of [base, join(base, 'unified')]) {
    if (existsSync(join(folder, 'cgroup.controllers')))
      mounts.push({ hierarchy: 'unified', folder, root: '/' });
  }
  return mounts;
}

/** mountinfo writes blanks and backslashes as three octal digits. */
function unescapeMount(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** undefined where the file is not there or may not be read: both leave the usual places to look in. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}
