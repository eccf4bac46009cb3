/** One line of /proc/PID/cgroup. */
export interface CgroupLine {
  /** 0 = the unified hierarchy (cgroup v2). */
  readonly hierarchy: number;
  /** Controllers of a v1 hierarchy, `name=systemd` for the named one; empty for v2. */
  readonly controllers: readonly string[];
  /** Path below the root of the hierarchy as this program's cgroup namespace sees it; may begin with `/..`. */
  readonly path: string;
}

/** What the kernel appends to the path of a removed v2 cgroup that still holds a zombie (kernel/cgroup/cgroup.c). */
const DELETED = ' (deleted)';

/**
 * Parses the text of /proc/PID/cgroup (cgroups(7)). Lines of another form are left out: a process is never lost for
 * a line that nobody understands. An empty text gives an empty list.
 *
 * @example
 * parseCgroup('0::/system.slice/nginx.service\n'); // [{ hierarchy: 0, controllers: [], path: '/system.slice/nginx.service' }]
 */
export function parseCgroup(text: string): CgroupLine[] {
  const lines: CgroupLine[] = [];
  for (const line of text.split('\n')) {
    // Only the first two colons separate fields: the path of a runc cgroup may contain colons of its own.
    const first = line.indexOf(':');
    const second = line.indexOf(':', first + 1);
    if (first < 0 || second < 0) continue;
    const hierarchy = Number(line.slice(0, first));
    const path = line.slice(second + 1);
    if (!Number.isInteger(hierarchy) || !path.startsWith('/')) continue;
    const controllers = line.slice(first + 1, second);
    lines.push({
      hierarchy,
      controllers: controllers === '' ? [] : controllers.split(','),
      path: path.endsWith(DELETED) ? path.slice(0, -DELETED.length) : path,
    });
  }
  return lines;
}
