import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { staticBusybox } from '../../../system/support/busybox.ts';
import { ociImage } from '../../../system/support/oci-image.ts';

/** The sandbox of every pod. */
export const PAUSE_IMAGE = 'kisimd.test/pause:1';
/** A shell with what scripts need. */
export const BUSYBOX_IMAGE = 'kisimd.test/busybox:1';

const applets = ['cat', 'echo', 'grep', 'ls', 'sh', 'sleep', 'wget'];

/** Writes both images as archives that `ctr images import` takes, and returns their paths. */
export function writeImages(folder: string): readonly string[] {
  const files = [
    ...['bin', 'dev', 'etc', 'proc', 'run', 'sys', 'tmp'].map((path) => ({ path })),
    { path: 'bin/busybox', contents: readFileSync(staticBusybox()), mode: 0o755 },
    ...applets.map((applet) => ({ path: `bin/${applet}`, linkTo: 'busybox' })),
  ];
  const images = [
    ['pause', PAUSE_IMAGE],
    ['busybox', BUSYBOX_IMAGE],
  ] as const;
  return images.map(([file, name]) => {
    const path = join(folder, `${file}.tar`);
    writeFileSync(path, ociImage(name, files, ['sleep', '2147483647']));
    return path;
  });
}
