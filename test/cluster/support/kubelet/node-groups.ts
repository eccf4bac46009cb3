import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../../../../src/util/errors.ts';
import { processState, sleepSync } from '../../../system/support/processes.ts';

const mount = '/sys/fs/cgroup';
/** The maker's pid is part of the name, so that a later run can tell what a killed one left behind. */
const OURS = /^kisimd-test-(\d+)-/;
/** What the kubelet asks for on cgroup v2 (pkg/kubelet/cm/cgroup_manager_linux.go). */
const CONTROLLERS = ['cpu', 'cpuset', 'memory', 'pids', 'io', 'hugetlb'];

/** The folders of all hierarchies: one on cgroup v2, one for each controller on v1. */
export function hierarchies(): readonly string[] {
  if (existsSync(join(mount, 'cgroup.controllers'))) return [mount];
  if (!existsSync(mount)) return [];
  return readdirSync(mount, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(mount, entry.name, 'cgroup.procs')))
    .map((entry) => join(mount, entry.name));
}

/** Name of the group below which a node of this process's run keeps its pods. */
export function nodeGroup(node: string): string {
  return `kisimd-test-${process.pid}-${node}`;
}

/** Makes a group in every hierarchy: a kubelet's `cgroupRoot` must be there, with CPUs and memory to give away. */
export function makeGroup(name: string): void {
  for (const root of hierarchies()) {
    const path = join(root, name);
    mkdirSync(path);
    if (existsSync(join(root, 'cpuset.cpus'))) {
      for (const file of ['cpuset.cpus', 'cpuset.mems']) {
        writeFileSync(join(path, file), readFileSync(join(root, file)));
      }
    } else if (root === mount) {
      const there = readFileSync(join(root, 'cgroup.controllers'), 'utf8').trim().split(' ');
      const wanted = CONTROLLERS.filter((controller) => there.includes(controller));
      for (const folder of [root, path]) {
        writeFileSync(join(folder, 'cgroup.subtree_control'), wanted.map((one) => `+${one}`).join(' '));
      }
    }
  }
}

/** Removes a group with all below it; its processes may have been killed a moment ago. */
export function removeGroup(name: string): void {
  for (const root of hierarchies()) removeTree(join(root, name));
}

/** Removes the groups of runs that were killed. */
export function removeGroupsOfTheDead(): void {
  const names = new Set(hierarchies().flatMap((root) => readdirSync(root).filter((name) => isOrphan(name))));
  for (const name of names) removeGroup(name);
}

function isOrphan(name: string): boolean {
  const pid = OURS.exec(name)?.[1];
  return pid !== undefined && processState(Number(pid)) === undefined;
}

function removeTree(path: string): void {
  if (!existsSync(path)) return;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(join(path, entry.name));
  }
  for (let tries = 1; ; tries++) {
    try {
      rmdirSync(path);
      return;
    } catch (error) {
      // Killed processes leave their groups a moment after they are gone.
      if (systemErrorCode(error) !== 'EBUSY' || tries === 100) throw error;
      sleepSync(50);
    }
  }
}
