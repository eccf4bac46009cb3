import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cleanups } from '../../system/support/cleanups.ts';
import { processState } from '../../system/support/processes.ts';

const OURS = /^kisimd-cluster-(\d+)-/;

/** A fresh folder that goes with the part; where this process is killed before, a later run removes it. */
export function clusterFolder(name: string, cleanups: Cleanups): string {
  for (const left of readdirSync(tmpdir()).filter(isOrphan)) {
    rmSync(join(tmpdir(), left), { recursive: true, force: true });
  }
  const path = mkdtempSync(join(tmpdir(), `kisimd-cluster-${process.pid}-${name}-`));
  cleanups.add(`folder ${path}`, () => rmSync(path, { recursive: true }));
  return path;
}

function isOrphan(name: string): boolean {
  const pid = OURS.exec(name)?.[1];
  return pid !== undefined && processState(Number(pid)) === undefined;
}
