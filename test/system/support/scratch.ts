import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cleanups } from './cleanups.ts';

/** A fresh folder that goes with the part. */
export function scratchFolder(name: string, cleanups: Cleanups): string {
  const path = mkdtempSync(join(tmpdir(), `kisimd-${name}-`));
  cleanups.add(`folder ${path}`, () => rmSync(path, { recursive: true }));
  return path;
}
