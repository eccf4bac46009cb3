import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemErrorCode } from '../../util/errors.ts';
import { exportErrors } from '../errors.ts';

/** A file that is written under another name beside its own, and has its own only when it is whole. */
export class FreshFile {
  readonly path: string;
  /** Where it is written. */
  readonly written: string;

  constructor(path: string) {
    this.path = path;
    this.written = `${path}.new`;
  }

  /** @throws KISIM_E_EXPORT_WRITE for what the system refuses; what there is of the new file is gone then */
  guard<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      this.abandon();
      const code = systemErrorCode(cause);
      if (code === undefined) throw cause;
      throw exportErrors.KISIM_E_EXPORT_WRITE(`${this.path}: ${code}`, { cause });
    }
  }

  /** On the disk before it has the name, and the name on the disk before this returns. */
  take(): void {
    this.guard(() => {
      sync(this.written, 'r+');
      renameSync(this.written, this.path);
      sync(dirname(this.path), 'r');
    });
  }

  abandon(): void {
    rmSync(this.written, { force: true });
  }
}

function sync(path: string, flags: string): void {
  const file = openSync(path, flags);
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
