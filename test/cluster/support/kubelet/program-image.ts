import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ArchiveEntry } from '../../../system/support/archives.ts';
import { ociImage } from '../../../system/support/oci-image.ts';
import { output } from '../../../system/support/run-command.ts';

/** The program, as a user's own image holds it. */
export const PROGRAM_IMAGE = 'kisimd.test/kisimd:1';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const HOME = 'opt/kisimd';
/** Of node_modules, as far as commands without a web page and a model at run time load them. */
const packages = [
  ...['better-sqlite3/lib', 'better-sqlite3/package.json'],
  ...['commander', 'pino', 'yaml', 'zod'].flatMap(withDependencies),
];
const addon = 'build/Release/kisimd.node';

/**
 * Writes an image of this checkout as an archive that `ctr images import` takes: this Node with the libraries that it is
 * linked to, the sources, the addon. Nothing is pulled and nothing built; a registry's image comes from deploy/images/kisimd.
 */
export function writeProgramImage(folder: string): string {
  const entries = new Map<string, ArchiveEntry>();
  const add = (path: string, from: string, mode = 0o644) => {
    for (let end = path.indexOf('/'); end > 0; end = path.indexOf('/', end + 1)) {
      const above = path.slice(0, end);
      if (!entries.has(above)) entries.set(above, { path: above });
    }
    entries.set(path, { path, contents: readFileSync(from), mode });
  };
  for (const path of ['dev', 'etc', 'proc', 'sys', 'tmp']) entries.set(path, { path });
  const files = [
    'package.json',
    addon,
    ...filesBelow('src'),
    ...packages.flatMap((name) => filesBelow(`node_modules/${name}`)),
  ];
  for (const file of files) add(`${HOME}/${file}`, join(root, file));
  add(`${HOME}/node`, process.execPath, 0o755);
  for (const library of new Set([process.execPath, join(root, addon)].flatMap(librariesOf)))
    add(library.slice(1), library, 0o755);
  const entrypoint = [`/${HOME}/node`, `/${HOME}/src/main.ts`];
  const path = join(folder, 'program.tar');
  writeFileSync(path, ociImage(PROGRAM_IMAGE, [...entries.values()], [], entrypoint));
  return path;
}

/** A package and all that it needs. */
function withDependencies(name: string): readonly string[] {
  const { dependencies = {} } = JSON.parse(
    readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'),
  ) as { readonly dependencies?: Readonly<Record<string, string>> };
  return [name, ...Object.keys(dependencies).flatMap(withDependencies)];
}

/** Files below a folder of the checkout, or the file itself. */
function filesBelow(name: string): readonly string[] {
  const path = join(root, name);
  if (!existsSync(path)) throw new Error(`${path} is not there: run npm run setup`);
  if (statSync(path).isFile()) return [name];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:[cm]?js|json|ts|csv|yaml)$/.test(entry.name))
    .filter((entry) => !/\.d\.[cm]?ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length));
}

/** Absolute paths of the shared libraries that the loader takes for a program, itself among them. */
function librariesOf(program: string): readonly string[] {
  return [...output(['ldd', program]).matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path]) => path!);
}
