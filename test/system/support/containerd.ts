import { spawn } from 'node:child_process';
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cleanups } from './cleanups.ts';
import { removeGroupsLater } from './control-groups.ts';
import { findProgram } from './needs.ts';
import { stopProcess } from './processes.ts';
import { attempt, output } from './run-command.ts';
import { InVain, waitFor } from './wait-for.ts';

/** What `ctr run` takes without being asked; the containers' control groups lie below a group of this name. */
const namespace = 'default';

/** A containerd of its own: its folders and its socket lie below one folder, and no other containerd is touched. */
export class Containerd {
  readonly #socket: string;

  private constructor(socket: string) {
    this.#socket = socket;
  }

  static async start(folder: string, cleanups: Cleanups): Promise<Containerd> {
    const socket = join(folder, 'containerd.sock');
    const config = join(folder, 'config.toml');
    writeFileSync(
      config,
      `version = 2
root = "${folder}/root"
state = "${folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
address = "${socket}"
[plugins."io.containerd.runtime.v1.linux"]
shim_debug = false
`,
    );
    removeGroupsLater([namespace], cleanups);
    const logPath = join(folder, 'containerd.log');
    const log = openSync(logPath, 'a');
    const child = spawn(findProgram('containerd') ?? 'containerd', ['--config', config], {
      stdio: ['ignore', log, log],
    });
    cleanups.add('containerd', () => stopProcess(child));
    const containerd = new Containerd(socket);
    await waitFor('containerd', 30, () => {
      if (child.exitCode !== null) throw new InVain(readFileSync(logPath, 'utf8'));
      return attempt([...containerd.ctr, 'version']).status === 0;
    });
    return containerd;
  }

  get ctr(): readonly string[] {
    return ['ctr', '--address', this.#socket, '--namespace', namespace];
  }

  importImage(path: string): void {
    output([...this.ctr, 'images', 'import', path]);
  }

  /** Starts a container in the background; it is killed and removed with the rest. */
  runContainer(image: string, id: string, cleanups: Cleanups): void {
    // Removed by id even if the start fails half-way.
    cleanups.add(`container ${id}`, () => {
      attempt([...this.ctr, 'tasks', 'kill', '--signal', 'SIGKILL', '--all', id]);
      attempt([...this.ctr, 'tasks', 'delete', '--force', id]);
      output([...this.ctr, 'containers', 'delete', id]);
    });
    output([...this.ctr, 'run', '--detach', '--net-host', image, id]);
  }

  /** Process ids of a container's task, as the host sees them. */
  processIds(id: string): number[] {
    return output([...this.ctr, 'tasks', 'ps', id])
      .split('\n')
      .slice(1)
      .map((line) => Number.parseInt(line, 10))
      .filter((pid) => pid > 0);
  }

  /** Starts one more process in a running container, and returns what kills it. */
  exec(id: string, execId: string, argv: readonly string[]): () => void {
    output([...this.ctr, 'tasks', 'exec', '--detach', '--exec-id', execId, id, ...argv]);
    return () => {
      output([...this.ctr, 'tasks', 'kill', '--signal', 'SIGKILL', '--exec-id', execId, id]);
    };
  }
}
