import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { attempt } from './run-command.ts';

/** Root file systems, kernels and the like are kept here between runs; `rm -r` of it is always safe. */
export const cacheFolder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'kisimd-test');

/** The path of a program, or undefined. Looks into the sbin folders too, which an ordinary PATH may lack. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

export interface Needs {
  readonly root?: boolean;
  /** Debian package by program. */
  readonly programs?: Readonly<Record<string, string>>;
}

/**
 * Why a part cannot run here, or false. What is missing is installed with apt-get where this is root on Debian,
 * unless KISIMD_TEST_INSTALL=0.
 */
export function unmetNeeds({ root = false, programs = {} }: Needs): string | false {
  if (root && process.getuid?.() !== 0) return 'needs root';
  const missing = Object.keys(programs).filter((name) => findProgram(name) === undefined);
  if (missing.length === 0) return false;
  const packages = [...new Set(missing.map((name) => programs[name] ?? name))];
  const mayInstall = process.getuid?.() === 0 && process.env['KISIMD_TEST_INSTALL'] !== '0';
  if (!mayInstall || findProgram('apt-get') === undefined) {
    return `needs ${missing.join(', ')} (Debian: apt-get install ${packages.join(' ')})`;
  }
  process.stderr.write(`installing ${packages.join(' ')} with apt-get\n`);
  const { status, stderr } = attempt(
    [
      'env',
      'DEBIAN_FRONTEND=noninteractive',
      'apt-get',
      'install',
      '-y',
      '-q',
      '--no-install-recommends',
      ...packages,
    ],
    { timeoutMs: 600_000 },
  );
  return status === 0 ? false : `apt-get install ${packages.join(' ')} failed: ${stderr.trim().slice(-300)}`;
}

/** A folder of the cache, made where it is absent. */
export function cached(name: string): string {
  const path = join(cacheFolder, name);
  mkdirSync(path, { recursive: true });
  return path;
}
