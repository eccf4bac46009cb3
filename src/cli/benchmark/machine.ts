import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

/** The part of the conditions that the machine decides. */
export function machine() {
  const [first] = cpus();
  return {
    cpu: first?.model ?? 'unknown',
    cpus: cpus().length,
    memoryGib: Number((totalmem() / 2 ** 30).toFixed(1)),
    kernel: release(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
}

/**
 * The version with the commit that the program runs from, and `-changed` where files differ from it; without a commit
 * where it was not started from a checkout.
 */
export function versionWithCommit(version: string): string {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const git = (...args: readonly string[]) => {
    try {
      return execFileSync('git', ['-C', root, ...args], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    } catch {
      // No git, or no checkout: then there is no commit to tell.
      return undefined;
    }
  };
  const commit = git('rev-parse', '--short=12', 'HEAD')?.trim();
  if (commit === undefined) return version;
  const changes = git(
    'status',
    '--porcelain',
    '--untracked-files=no',
    '--',
    'src',
    'native',
    'package-lock.json',
  );
  return `${version}+${commit}${changes === '' ? '' : '-changed'}`;
}
