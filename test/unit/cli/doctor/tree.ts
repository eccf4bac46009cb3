import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A host's file systems in a temporary folder. */
export class HostTree {
  readonly root = mkdtempSync(join(tmpdir(), 'kisimd-doctor-'));
  readonly roots = { proc: join(this.root, 'proc'), sys: join(this.root, 'sys'), root: this.root };

  file(path: string, text: string, mode = 0o644): string {
    const full = join(this.root, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text, { mode });
    return full;
  }

  link(path: string, target: string): void {
    const full = join(this.root, path);
    mkdirSync(dirname(full), { recursive: true });
    symlinkSync(target, full);
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
