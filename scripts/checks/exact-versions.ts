import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from './problem.ts';

/** Dependencies whose version is a range: what is installed would differ from day to day. */
export function inexactVersions(manifest: Readonly<Record<string, unknown>>): string[] {
  const groups = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];
  return groups.flatMap((group) =>
    Object.entries((manifest[group] ?? {}) as Record<string, string>)
      .filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))
      .map(([name, version]) => `${group}: ${name} is ${version}, expected an exact version such as 1.2.3`),
  );
}

export function checkExactVersions(root: string): Problem[] {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return inexactVersions(manifest).map((says) => ({ where: 'package.json', says }));
}
