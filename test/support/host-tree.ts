import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { HostRoots } from '../../src/util/host-roots.ts';

/** A host's file tree of one's own making, removed when the test is over. */
export class HostTree {
  readonly root: string;
  readonly roots: HostRoots;

  constructor(test: TestContext) {
    this.root = mkdtempSync(join(tmpdir(), 'kisimd-host-'));
    this.roots = { proc: join(this.root, 'proc'), sys: join(this.root, 'sys'), root: this.root };
    test.after(() => rmSync(this.root, { recursive: true, force: true }));
  }

  write(path: string, content: string | object): void {
    const target = join(this.root, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, typeof content === 'string' ? content : JSON.stringify(content));
  }

  folder(path: string): void {
    mkdirSync(join(this.root, path), { recursive: true });
  }

  link(path: string, target: string): void {
    this.folder(dirname(path));
    symlinkSync(target, join(this.root, path));
  }

  remove(path: string): void {
    rmSync(join(this.root, path), { recursive: true, force: true });
  }
}
