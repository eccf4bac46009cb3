import { chmodSync, copyFileSync, existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { withDebianPackage } from './debian-package.ts';
import { cached } from './needs.ts';

/** The path of a statically linked busybox, taken from Debian's package and kept in the cache. */
export function staticBusybox(): string {
  const path = join(cached('busybox'), 'busybox');
  if (existsSync(path)) return path;
  withDebianPackage('busybox-static', (folder) => {
    const inner = ['bin/busybox', 'usr/bin/busybox'].map((name) => join(folder, name)).find(existsSync);
    if (inner === undefined) throw new Error('the package busybox-static holds no busybox');
    copyFileSync(inner, `${path}.new`);
    chmodSync(`${path}.new`, 0o755);
    renameSync(`${path}.new`, path);
  });
  return path;
}
