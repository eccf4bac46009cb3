import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { withDebianPackage } from '../../../system/support/debian-package.ts';
import { cached, cacheFolder } from '../../../system/support/needs.ts';

const plugins = ['bridge', 'host-local', 'loopback'] as const;

/** A folder with the CNI plugins of a node: as installed, else taken from Debian's package and kept in the cache. */
export function cniPlugins(): string {
  const own = join(cacheFolder, 'cni-plugins');
  const holds = (folder: string): boolean => plugins.every((name) => existsSync(join(folder, name)));
  const found = ['/usr/lib/cni', '/opt/cni/bin', own].find(holds);
  if (found !== undefined) return found;
  withDebianPackage('containernetworking-plugins', (tree) => {
    const partial = cached('cni-plugins.new');
    for (const name of plugins) copyFileSync(join(tree, 'usr/lib/cni', name), join(partial, name));
    rmSync(own, { recursive: true, force: true });
    mkdirSync(cacheFolder, { recursive: true });
    renameSync(partial, own);
  });
  return own;
}
