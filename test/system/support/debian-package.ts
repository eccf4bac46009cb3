import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { output } from './run-command.ts';

/**
 * Hands an unpacked Debian package to a function, without installing it. The folder is gone afterwards.
 */
export function withDebianPackage<T>(name: string, use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'kisimd-package-'));
  try {
    process.stderr.write(`downloading the package ${name} with apt-get\n`);
    output(['sh', '-c', 'cd "$1" && apt-get -q download "$2"', 'sh', folder, name], { timeoutMs: 300_000 });
    const file = readdirSync(folder).find((entry) => entry.endsWith('.deb'));
    if (file === undefined) throw new Error(`apt-get download ${name} brought no .deb`);
    const tree = join(folder, 'tree');
    output(['dpkg-deb', '--extract', join(folder, file), tree]);
    return use(tree);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The package that a meta-package stands for: `linux-image-amd64` -> `linux-image-6.1.0-30-amd64`. */
export function firstDependency(name: string): string {
  const line = output(['apt-cache', 'depends', name])
    .split('\n')
    .find((one) => /^\s*Depends:/.test(one));
  const dependency = line?.split(':').slice(1).join(':').trim();
  if (dependency === undefined) throw new Error(`${name} depends on nothing`);
  return dependency;
}
