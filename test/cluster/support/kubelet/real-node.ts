import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, output } from '../../../system/support/run-command.ts';
import { InVain, waitFor } from '../../../system/support/wait-for.ts';
import type { ControlPlane } from '../control-plane.ts';
import { podBridge, writeNodeFiles } from './node-files.ts';
import { makeGroup, nodeGroup, removeGroup } from './node-groups.ts';
import { inNamespaces } from './node-namespaces.ts';

export interface RealNodeOptions {
  readonly name: string;
  /** From 1; each node of a network has its own. */
  readonly number: number;
  /** Of this node alone; must be there. */
  readonly folder: string;
  readonly images: readonly string[];
  readonly plane: ControlPlane;
}

/**
 * A node: containerd and the kubelet in namespaces of their own, within the network of the test. Its processes are
 * ordinary ones of this host, which a meter sees beside all others.
 */
export class RealNode {
  readonly name: string;
  /** Path of the control group that its pods lie in. */
  readonly groupPath: string;
  readonly #number: number;
  readonly #folder: string;
  readonly #child: ChildProcess;

  private constructor({ name, number, folder }: RealNodeOptions, group: string, child: ChildProcess) {
    this.name = name;
    this.#number = number;
    this.groupPath = `/${group}`;
    this.#folder = folder;
    this.#child = child;
  }

  /** Starts the node; `ready()` says when it can take pods. */
  static start(options: RealNodeOptions): RealNode {
    const { name, number, folder, images, plane } = options;
    const address = `10.250.0.${number}`;
    const group = nodeGroup(name);
    for (const part of ['cni', 'kubelet', 'upper', 'work', 'volume-plugins']) mkdirSync(join(folder, part));
    writeNodeFiles({ name, number, folder, address, group, authority: plane.pki.path('ca.crt') });
    writeFileSync(join(folder, 'init.sh'), initScript);
    makeGroup(group);
    // A kubelet takes no loopback address for its node's; an empty bridge carries another.
    output(['ip', 'link', 'add', `node${number}`, 'type', 'bridge']);
    output(['ip', 'address', 'add', `${address}/32`, 'dev', `node${number}`]);
    output(['ip', 'link', 'set', `node${number}`, 'up']);
    const [program, ...args] = inNamespaces(['sh', join(folder, 'init.sh'), folder]);
    const log = openSync(join(folder, 'init.log'), 'a');
    try {
      const kubelet = [
        ...[plane.program, 'kubelet', `--config=${join(folder, 'kubelet.json')}`],
        `--kubeconfig=${plane.pki.nodeKubeconfig(name)}`,
        ...[`--hostname-override=${name}`, `--node-ip=${address}`],
        ...[`--root-dir=${join(folder, 'kubelet')}`, `--cert-dir=${join(folder, 'kubelet', 'pki')}`],
      ];
      // Whoever has no sbin in the PATH has runc there all the same.
      const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/local/sbin:/usr/sbin:/sbin` };
      const child = spawn(program, [...args, images.join(' '), ...kubelet], {
        env,
        stdio: ['ignore', log, log],
      });
      return new RealNode(options, group, child);
    } finally {
      closeSync(log);
    }
  }

  /** Until the API server knows that the node can take pods. */
  async ready(plane: ControlPlane): Promise<void> {
    await waitFor(`${this.name} to be ready`, 240, async () => {
      if (this.#hasEnded) throw new InVain(`${this.name} has ended:\n${this.log()}`);
      const node = (await plane.client.call('GET', `/api/v1/nodes/${this.name}`)) as {
        status: { conditions?: readonly { type: string; status: string }[] };
      };
      const ready = node.status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
      if (!ready) throw new Error(this.log());
      return true;
    });
  }

  /** The ends of what the node's programs wrote. */
  log(): string {
    return ['init', 'containerd', 'kubelet']
      .map((name) => join(this.#folder, `${name}.log`))
      .filter((path) => existsSync(path))
      .map((path) => `${path}:\n${readFileSync(path, 'utf8').slice(-1500)}`)
      .join('\n');
  }

  /**
   * As when the power fails: every process and mount of the node is gone, pods included. Does not give the event loop a
   * turn, so that clean-up on an interrupt can use it.
   */
  stop(): void {
    if (!this.#hasEnded) this.#child.kill('SIGKILL');
    removeGroup(this.groupPath.slice(1));
    // The network is that of all parts of the run. The bridge of pods is there once the first one was.
    for (const bridge of [`node${this.#number}`, podBridge(this.#number)]) {
      attempt(['ip', 'link', 'delete', bridge]);
    }
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}

/**
 * First process of a node: arguments are its folder, its images and the command of its kubelet. What nodes write into
 * well-known places stays within: /run and /var/log are its own, and so are changes below /var/lib. It waits, as the
 * first process must, for all that ends.
 */
const initScript = `set -e
folder=$1 images=$2
shift 2
mount -t tmpfs -o mode=755 run /run
mount -t tmpfs -o mode=755 log /var/log
mount -t overlay -o "lowerdir=/var/lib,upperdir=$folder/upper,workdir=$folder/work" lib /var/lib
mkdir /run/netns
containerd --config "$folder/containerd.toml" >"$folder/containerd.log" 2>&1 &
ctr="ctr --namespace k8s.io"
until $ctr version >/dev/null 2>&1; do
  kill -0 $! || exit 1
  sleep 0.1
done
for image in $images; do $ctr images import "$image"; done
"$@" >"$folder/kubelet.log" 2>&1 &
wait
`;
