import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface PlayedProcess {
  readonly pid: number;
  readonly comm?: string;
  readonly ppid?: number;
  readonly state?: string;
  readonly flags?: number;
  readonly userTicks?: number;
  readonly systemTicks?: number;
  readonly threads?: number;
  readonly startTicks?: number;
  readonly lastCpu?: number;
  readonly cmdline?: string;
  readonly cgroup?: string;
}

/** A /proc tree in a temporary folder, in the form of the kernel's, for scanners with `clock: 'stat'`. */
export class ProcTree {
  readonly root = mkdtempSync(join(tmpdir(), 'kisimd-proc-'));

  constructor() {
    this.host(['0 0 0 0 0 0 0 0 0 0']);
  }

  /** Writes (or rewrites) all the files of a process. */
  set(process: PlayedProcess): void {
    const folder = join(this.root, String(process.pid));
    mkdirSync(folder, { recursive: true });
    const { pid, comm = 'idle', ppid = 1, state = 'S', flags = 4194304, userTicks = 0 } = process;
    const fields = [
      `${state} ${ppid} ${pid} ${pid} 0 -1 ${flags} 0 0 0 0 ${userTicks} ${process.systemTicks ?? 0} 0 0 20 0`,
      `${process.threads ?? 1} 0 ${process.startTicks ?? 1000} 0 0 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17`,
      `${process.lastCpu ?? 0} 0 0 0 0 0 0 0 0 0 0 0 0 0`,
    ];
    writeFileSync(join(folder, 'stat'), `${pid} (${comm}) ${fields.join(' ')}\n`);
    writeFileSync(join(folder, 'cmdline'), process.cmdline ?? `${comm}\0`);
    writeFileSync(join(folder, 'cgroup'), process.cgroup ?? '0::/\n');
  }

  /** Replaces one file of a process by any text. */
  write(pid: number, file: string, text: string): void {
    writeFileSync(join(this.root, String(pid), file), text);
  }

  remove(pid: number, file = ''): void {
    rmSync(join(this.root, String(pid), file), { recursive: true });
  }

  /** Columns of each online CPU in USER_HZ ticks, CPU 0 first; a hole is an offline CPU. */
  host(cpus: readonly (string | undefined)[]): void {
    const sums = Array.from({ length: 10 }, (_, column) =>
      cpus.reduce((sum, line) => sum + Number(line?.split(' ')[column] ?? 0), 0),
    );
    const lines = cpus.flatMap((line, cpu) => (line === undefined ? [] : [`cpu${cpu} ${line}`]));
    writeFileSync(
      join(this.root, 'stat'),
      `cpu  ${sums.join(' ')}\n${lines.join('\n')}\nintr 1 2\nprocesses 5\n`,
    );
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
