import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Cleanups } from './cleanups.ts';
import { cached, findProgram } from './needs.ts';
import { output } from './run-command.ts';
import { scratchFolder } from './scratch.ts';

const packages = ['systemd', 'systemd-sysv', 'dbus', 'udev', 'procps', 'sqlite3'];

/** A small Debian with systemd, made by debootstrap on the first use (about a minute) and never changed after that. */
function pristine(): string {
  // Named for its contents, so that another list of packages gives another file system.
  const contents = createHash('sha256').update(packages.join(' ')).digest('hex').slice(0, 8);
  const path = join(cached('root-file-system'), `bookworm-${contents}`);
  if (existsSync(path)) return path;
  process.stderr.write('making a root file system with debootstrap (once; about a minute)\n');
  const fresh = `${path}.new`;
  rmSync(fresh, { recursive: true, force: true });
  output(
    [
      findProgram('debootstrap') ?? 'debootstrap',
      '--variant=minbase',
      `--include=${packages.join(',')}`,
      'bookworm',
      fresh,
    ],
    { timeoutMs: 900_000 },
  );
  renameSync(fresh, path);
  return path;
}

/** A root file system that may be written to: what changes is laid over the pristine one, and goes with the part. */
export function writableRootFileSystem(cleanups: Cleanups): string {
  const lower = pristine();
  const scratch = scratchFolder('root', cleanups);
  const [upper, work, merged] = ['upper', 'work', 'merged'].map((name) => join(scratch, name)) as [
    string,
    string,
    string,
  ];
  for (const folder of [upper, work, merged]) mkdirSync(folder);
  output([
    'mount',
    '-t',
    'overlay',
    'kisimd-test',
    '-o',
    `lowerdir=${lower},upperdir=${upper},workdir=${work}`,
    merged,
  ]);
  cleanups.add(`mount ${merged}`, () => output(['umount', merged]));
  return merged;
}
