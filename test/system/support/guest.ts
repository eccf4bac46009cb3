import { spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { cpio } from './archives.ts';
import { staticBusybox } from './busybox.ts';
import type { Cleanups } from './cleanups.ts';
import { firstDependency, withDebianPackage } from './debian-package.ts';
import { cached } from './needs.ts';
import { stopProcess } from './processes.ts';
import { InVain, waitFor } from './wait-for.ts';

/** A kernel from Debian's package, kept in the cache. */
function kernel(): string {
  const path = join(cached('guest'), 'vmlinuz');
  if (existsSync(path)) return path;
  withDebianPackage(firstDependency('linux-image-amd64'), (folder) => {
    const name = readdirSync(join(folder, 'boot')).find((entry) => entry.startsWith('vmlinuz-'));
    if (name === undefined) throw new Error('the kernel package holds no vmlinuz');
    copyFileSync(join(folder, 'boot', name), `${path}.new`);
    renameSync(`${path}.new`, path);
  });
  return path;
}

/** What the guest runs: it takes orders from the serial line and answers each. */
const init = `#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t proc proc /proc
exec </dev/ttyS0 >/dev/ttyS0 2>&1
/bin/busybox stty -echo
echo guest-ready
while read order; do
  case "$order" in
    load) (while :; do :; done) & echo load-started ;;
    quiet) kill $!; wait; echo load-stopped ;;
  esac
done
`;

function initramfs(): Buffer {
  return cpio([
    ...['bin', 'dev', 'proc'].map((path) => ({ path })),
    { path: 'bin/busybox', contents: readFileSync(staticBusybox()), mode: 0o755 },
    { path: 'init', contents: Buffer.from(init), mode: 0o755 },
  ]);
}

/** A real QEMU guest under software emulation: no KVM is needed, and a busy loop inside keeps one vCPU thread busy. */
export class Guest {
  readonly pid: number;
  readonly #write: (line: string) => void;
  readonly #console: () => string;

  private constructor(pid: number, write: (line: string) => void, console: () => string) {
    this.pid = pid;
    this.#write = write;
    this.#console = console;
  }

  /** Boots a guest. `naming` are the arguments by which QEMU is told its name, if it is. */
  static async boot(folder: string, naming: readonly string[], cleanups: Cleanups): Promise<Guest> {
    mkdirSync(folder, { recursive: true });
    const image = join(folder, 'initramfs.cpio');
    writeFileSync(image, initramfs());
    const child = spawn(
      'qemu-system-x86_64',
      [
        ...naming,
        ...['-accel', 'tcg,thread=multi', '-smp', '1', '-m', '192', '-nodefaults', '-no-user-config'],
        ...['-display', 'none', '-no-reboot', '-serial', 'stdio', '-kernel', kernel(), '-initrd', image],
        '-append',
        'console=ttyS0 quiet panic=-1 mitigations=off random.trust_cpu=on',
      ],
      { stdio: ['pipe', 'pipe', 'pipe'] },
    );
    cleanups.add('the guest', () => stopProcess(child));
    let heard = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        heard += text;
      });
    }
    if (child.pid === undefined) throw new Error('qemu-system-x86_64 did not start');
    const guest = new Guest(
      child.pid,
      (line) => child.stdin.write(`${line}\n`),
      () => heard,
    );
    await waitFor('the guest to boot', 120, () => {
      if (child.exitCode !== null) throw new InVain(`QEMU ended:\n${heard}`);
      return heard.includes('guest-ready');
    });
    return guest;
  }

  async #order(order: string, answer: string): Promise<void> {
    const before = this.#console().length;
    this.#write(order);
    await waitFor(`the guest to answer ${answer}`, 30, () => this.#console().slice(before).includes(answer));
  }

  /** Starts a busy loop in the guest; the result ends it. */
  async startLoad(): Promise<() => Promise<void>> {
    await this.#order('load', 'load-started');
    return () => this.#order('quiet', 'load-stopped');
  }
}
