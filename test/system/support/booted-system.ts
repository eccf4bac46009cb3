import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { Cleanups } from './cleanups.ts';
import { removeGroupsLater } from './control-groups.ts';
import { stopProcess } from './processes.ts';
import { attempt, type Finished } from './run-command.ts';
import { InVain, waitFor } from './wait-for.ts';

/** A systemd that really booted: process 1 of a container made by systemd-nspawn, in the host's network. */
export class BootedSystem {
  readonly #leader: number;

  private constructor(leader: number) {
    this.#leader = leader;
  }

  static async boot(
    root: string,
    cleanups: Cleanups,
    options: { readonly readOnly: readonly string[] },
  ): Promise<BootedSystem> {
    // Without a systemd on the host there is nobody to register with, and nobody to make a scope.
    const alone = existsSync('/run/systemd/system') ? [] : ['--register=no', '--keep-unit'];
    // nspawn without a manager puts its groups right below the roots, and leaves them there.
    if (alone.length > 0) removeGroupsLater(['payload', 'supervisor'], cleanups);
    const child = spawn(
      'systemd-nspawn',
      [
        '--quiet',
        '--boot',
        `--directory=${root}`,
        `--machine=kisimd-test-${process.pid}`,
        '--console=pipe',
        // Not in nspawn's own choice; the unit asks for them, as it does on a real host.
        '--capability=CAP_PERFMON,CAP_NET_ADMIN',
        ...options.readOnly.map((path) => `--bind-ro=${path}`),
        ...alone,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    }
    cleanups.add('the booted system', () => stopProcess(child, 20));
    const leader = await waitFor('systemd-nspawn to start process 1', 20, () => {
      if (child.exitCode !== null) throw new InVain(`systemd-nspawn ended:\n${said}`);
      const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim();
      return children === '' ? undefined : Number(children.split(' ')[0]);
    });
    const system = new BootedSystem(leader);
    await waitFor('systemd to have booted', 90, () => {
      const { stdout } = system.attempt(['systemctl', 'is-system-running']);
      return /running|degraded/.test(stdout);
    });
    return system;
  }

  /** Runs a program inside, as root, and returns what it said. */
  attempt(argv: readonly string[], options: { readonly timeoutMs?: number } = {}): Finished {
    return attempt(
      [
        'nsenter',
        `--target=${this.#leader}`,
        ...['--mount', '--uts', '--ipc', '--pid', '--cgroup'],
        'env',
        '-i',
        'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        'LANG=C.UTF-8',
        ...argv,
      ],
      options,
    );
  }

  /** Runs a program inside that must end well. */
  run(...argv: readonly string[]): string {
    const { status, stdout, stderr } = this.attempt(argv);
    if (status !== 0) throw new Error(`inside: ${argv.join(' ')}: status ${status}\n${stdout}${stderr}`);
    return stdout;
  }

  /** One property of a unit, as `systemctl show` words it. */
  property(unit: string, name: string): string {
    return this.run('systemctl', 'show', `--property=${name}`, '--value', unit).trim();
  }

  journal(unit: string): string {
    return this.run('journalctl', '--no-pager', '--output=cat', `--unit=${unit}`);
  }
}
