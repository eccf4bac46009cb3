import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Cleanups } from '../../system/support/cleanups.ts';
import { stopProcess } from '../../system/support/processes.ts';
import { InVain, waitFor } from '../../system/support/wait-for.ts';
import { ApiClient } from './api-client.ts';
import { clusterFolder } from './leftovers.ts';
import { Pki } from './pki.ts';

/** Ports of the namespace, which holds nothing else. */
const ETCD = 2379;
const ETCD_PEERS = 2380;
const API = 6443;
const SECOND_API = 6444;

export interface SchedulerOptions {
  /** Of the whole program; 0 keeps it quiet. */
  readonly verbosity?: number;
  /** Of single source files: `schedule_one=10`. */
  readonly sourceVerbosity?: string;
  /** `extenders` of its configuration. */
  readonly extenders?: readonly object[];
}

/** A process of the control plane. Its output goes to a file, or to whoever reads `output`. */
export interface Component {
  readonly name: string;
  readonly child: ChildProcess;
}

/**
 * etcd and the API server of the real Kubernetes on the loopback address of a private network, with a scheduler and a
 * controller manager where they are asked for. All of it goes with the clean-ups that it was given.
 */
export class ControlPlane {
  readonly folder: string;
  readonly client: ApiClient;
  readonly program: string;
  readonly pki: Pki;
  readonly #cleanups: Cleanups;
  #apiServer: Component | undefined;

  private constructor(program: string, folder: string, pki: Pki, client: ApiClient, cleanups: Cleanups) {
    this.program = program;
    this.folder = folder;
    this.pki = pki;
    this.client = client;
    this.#cleanups = cleanups;
  }

  /** @param nodes names of the nodes that kubelets will stand for */
  static async start(
    program: string,
    cleanups: Cleanups,
    nodes: readonly string[] = [],
  ): Promise<ControlPlane> {
    const folder = clusterFolder('control-plane', cleanups);
    for (const name of ['pki', 'log']) mkdirSync(join(folder, name), { mode: 0o700 });
    const pki = new Pki(join(folder, 'pki'), API, nodes);
    pki.write();
    const client = new ApiClient(pki.serverUrl, pki.path('ca.crt'), pki.token('admin'));
    cleanups.add('connections', () => client.close());
    const plane = new ControlPlane(program, folder, pki, client, cleanups);
    plane.#startEtcd();
    await plane.startApiServer();
    return plane;
  }

  /** The API server, while it is up. */
  get apiServer(): Component | undefined {
    return this.#apiServer;
  }

  /** Starts the API server again after `stop(plane.apiServer)`: at the same address, with all that etcd holds. */
  async startApiServer(): Promise<void> {
    this.#apiServer = this.#startApiServer();
    await this.#ready(this.#apiServer, '/readyz');
  }

  /**
   * Starts another API server on the same etcd, as highly available clusters have them: it goes on where the first one is away,
   * and knows all versions in between.
   */
  async startSecondApiServer(): Promise<{ readonly client: ApiClient; readonly kubeconfig: string }> {
    const { pki } = this;
    const url = pki.serverUrl.replace(`:${API}`, `:${SECOND_API}`);
    const client = new ApiClient(url, pki.path('ca.crt'), pki.token('admin'));
    this.#cleanups.add('connections', () => client.close());
    await this.#ready(this.#startApiServer(SECOND_API), '/readyz', client);
    const kubeconfig = join(this.folder, 'second.kubeconfig');
    const text = readFileSync(this.kubeconfig, 'utf8').replaceAll(pki.serverUrl, url);
    writeFileSync(kubeconfig, text, { mode: 0o600 });
    return { client, kubeconfig };
  }

  /** Where a person can look with the same program: `kube kubectl --kubeconfig FILE`. */
  get kubeconfig(): string {
    return this.pki.kubeconfig('admin');
  }

  /** What a component has said so far. */
  log(name: string): string {
    return readFileSync(this.#logPath(name), 'utf8');
  }

  /**
   * Brings up the controllers: they taint and untaint nodes, fill service accounts, make the pods of ReplicaSets, so
   * that a test of placements alone is better off without them.
   */
  async startControllerManager(): Promise<Component> {
    const manager = this.#start('kube-controller-manager', [
      `--kubeconfig=${this.pki.kubeconfig('controller-manager')}`,
      `--root-ca-file=${this.pki.path('ca.crt')}`,
      `--service-account-private-key-file=${this.pki.path('service-account.key')}`,
      '--use-service-account-credentials',
      '--leader-elect=false',
      '--bind-address=127.0.0.1',
      // It would make a folder of the machine's otherwise.
      `--flex-volume-plugin-dir=${join(this.folder, 'volume-plugins')}`,
      '--kube-api-qps=5000',
      '--kube-api-burst=5000',
    ]);
    await this.#ready(manager, '/api/v1/namespaces/default/serviceaccounts/default');
    return manager;
  }

  /**
   * Starts a scheduler with the default profile, whose decisions follow from the order of its queue alone: one worker,
   * so that nodes are looked at in their order, no rankings carried over from pod to pod, and plain lists of what is
   * there when it starts: streamed ones pass through a Go map and come out in any order (watchList in client-go's
   * reflector.go).
   *
   * @returns the process and its log, line by line as it is written
   */
  startScheduler({ verbosity = 0, sourceVerbosity, extenders = [] }: SchedulerOptions = {}): Component & {
    readonly output: Readable;
  } {
    const config = join(this.folder, 'scheduler.json');
    writeFileSync(
      config,
      JSON.stringify({
        apiVersion: 'kubescheduler.config.k8s.io/v1',
        kind: 'KubeSchedulerConfiguration',
        parallelism: 1,
        clientConnection: { kubeconfig: this.pki.kubeconfig('scheduler'), qps: 5000, burst: 5000 },
        leaderElection: { leaderElect: false },
        extenders,
      }),
    );
    const component = this.#start(
      'kube-scheduler',
      [
        `--config=${config}`,
        '--bind-address=127.0.0.1',
        '--feature-gates=OpportunisticBatching=false,WatchListClient=false',
        `-v=${verbosity}`,
        ...(sourceVerbosity === undefined ? [] : [`--vmodule=${sourceVerbosity}`]),
      ],
      'pipe',
    );
    return { ...component, output: component.child.stderr! };
  }

  /** Ends a component and waits until it has ended. */
  async stop({ child }: Component): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'close');
    child.kill('SIGTERM');
    const hurry = setTimeout(() => child.kill('SIGKILL'), 15_000);
    await ended;
    clearTimeout(hurry);
  }

  #startEtcd(): Component {
    const clients = `http://127.0.0.1:${ETCD}`;
    const peers = `http://127.0.0.1:${ETCD_PEERS}`;
    return this.#start('etcd', [
      `--data-dir=${join(this.folder, 'etcd')}`,
      `--listen-client-urls=${clients}`,
      `--advertise-client-urls=${clients}`,
      `--listen-peer-urls=${peers}`,
      `--initial-advertise-peer-urls=${peers}`,
      `--initial-cluster=default=${peers}`,
      '--unsafe-no-fsync',
      '--log-level=warn',
    ]);
  }

  #startApiServer(port = API): Component {
    const pki = this.pki;
    return this.#start('kube-apiserver', [
      `--etcd-servers=http://127.0.0.1:${ETCD}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${port}`,
      `--tls-cert-file=${pki.path('apiserver.crt')}`,
      `--tls-private-key-file=${pki.path('apiserver.key')}`,
      `--client-ca-file=${pki.path('ca.crt')}`,
      `--token-auth-file=${pki.path('tokens.csv')}`,
      '--authorization-mode=Node,RBAC',
      '--service-cluster-ip-range=10.96.0.0/16',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${pki.path('service-account.key')}`,
      `--service-account-signing-key-file=${pki.path('service-account.key')}`,
      '--endpoint-reconciler-type=none',
      // Pods without a service account and nodes without the taint of nodes that never reported need no controllers.
      '--disable-admission-plugins=ServiceAccount,TaintNodesByCondition',
      '--delete-collection-workers=8',
      ...(pki.hasNodes
        ? [
            `--kubelet-client-certificate=${pki.path('kubelet-client.crt')}`,
            `--kubelet-client-key=${pki.path('kubelet-client.key')}`,
            '--kubelet-preferred-address-types=InternalIP',
          ]
        : []),
    ]);
  }

  /** Ended by its parent's end too, which no clean-up sees where the parent is killed. */
  #start(name: string, args: readonly string[], errorOutput: 'file' | 'pipe' = 'file'): Component {
    const log = openSync(this.#logPath(name), 'a', 0o600);
    try {
      const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', this.program, name, ...args], {
        stdio: ['ignore', log, errorOutput === 'pipe' ? 'pipe' : log],
      });
      this.#cleanups.add(name, () => stopProcess(child, 15));
      return { name, child };
    } finally {
      closeSync(log);
    }
  }

  async #ready({ name, child }: Component, path: string, client = this.client): Promise<void> {
    await waitFor(`${name} to answer`, 120, async () => {
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new InVain(`${name} has ended:\n${this.log(name).slice(-2000)}`);
      }
      return (await client.call('GET', path)) !== undefined;
    });
  }

  #logPath(name: string): string {
    return join(this.folder, 'log', `${name}.log`);
  }
}
