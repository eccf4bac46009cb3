import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Cleanups } from './cleanups.ts';

const mount = '/sys/fs/cgroup';

/** Groups of these names right below the root of any hierarchy, v1 or v2. */
function groupsNamed(names: readonly string[]): string[] {
  const roots = [mount, ...readdirSync(mount).map((name) => join(mount, name))];
  return roots.flatMap((root) => names.map((name) => join(root, name))).filter((path) => existsSync(path));
}

/** Children first: a group with children cannot be removed, and neither can one with processes. */
function removeGroup(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) removeGroup(join(path, entry.name));
  }
  rmdirSync(path);
}

/**
 * Has groups removed that other programs are going to make and to leave behind empty. Those that are there already
 * are somebody else's.
 */
export function removeGroupsLater(names: readonly string[], cleanups: Cleanups): void {
  const somebodyElses = new Set(groupsNamed(names));
  cleanups.add(`control groups ${names.join(', ')}`, () => {
    for (const path of groupsNamed(names)) if (!somebodyElses.has(path)) removeGroup(path);
  });
}
