import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { output } from '../../system/support/run-command.ts';

const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** User and groups by token, as the API server's token file has them. */
const tokens = {
  admin: ['admin', 'system:masters'],
  'controller-manager': ['system:kube-controller-manager', ''],
  scheduler: ['system:kube-scheduler', ''],
} as const;

export type ClusterUser = keyof typeof tokens;

/** Certificates, tokens and kubeconfigs of one control plane on the loopback address, below one folder. */
export class Pki {
  readonly folder: string;
  readonly serverUrl: string;
  readonly #nodes: readonly string[];

  /** @param nodes names of the nodes whose kubelets will ask for work */
  constructor(folder: string, port: number, nodes: readonly string[] = []) {
    this.folder = folder;
    this.serverUrl = `https://127.0.0.1:${port}`;
    this.#nodes = nodes;
  }

  get hasNodes(): boolean {
    return this.#nodes.length > 0;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  token(user: ClusterUser): string {
    return `${user}-token`;
  }

  kubeconfig(user: ClusterUser): string {
    return this.path(`${user}.kubeconfig`);
  }

  /** Of the kubelet of a node. */
  nodeKubeconfig(node: string): string {
    return this.path(`node-${node}.kubeconfig`);
  }

  write(): void {
    const authority = ['-CA', this.path('ca.crt'), '-CAkey', this.path('ca.key')];
    const extensions = [
      'subjectAltName=DNS:localhost,DNS:kubernetes.default.svc,IP:127.0.0.1,IP:10.96.0.1',
      'extendedKeyUsage=serverAuth',
    ];
    output([
      'openssl',
      'req',
      '-x509',
      ...key,
      '-days',
      '2',
      '-subj',
      '/CN=kisimd-test',
      ...this.#pair('ca'),
    ]);
    output(
      [
        ['openssl', 'req', '-x509', ...key, '-days', '2', '-subj', '/CN=kube-apiserver', ...authority],
        ...extensions.map((extension) => ['-addext', extension]),
        // The default of openssl says that a self-made certificate may sign others.
        ['-addext', 'basicConstraints=critical,CA:FALSE', ...this.#pair('apiserver')],
      ].flat(),
    );
    if (this.#nodes.length > 0) this.#writeKubeletClient(authority);
    output(['openssl', 'genpkey', '-algorithm', 'RSA', '-out', this.path('service-account.key')]);
    const users = Object.keys(tokens) as ClusterUser[];
    const lines = [
      ...users.map((user) => [this.token(user), ...tokens[user]] as const),
      // The names by which the API server's Node authorizer knows kubelets.
      ...this.#nodes.map((node) => [`node-${node}-token`, `system:node:${node}`, 'system:nodes'] as const),
    ].map(([token, name, group], uid) => `${token},${name},${uid + 1}${group === '' ? '' : `,${group}`}\n`);
    writeFileSync(this.path('tokens.csv'), lines.join(''), { mode: 0o600 });
    for (const user of users) this.#writeKubeconfig(this.kubeconfig(user), user, this.token(user));
    for (const node of this.#nodes) {
      this.#writeKubeconfig(this.nodeKubeconfig(node), node, `node-${node}-token`);
    }
  }

  /** What the API server shows kubelets, for logs, exec and the proxy to nodes. */
  #writeKubeletClient(authority: readonly string[]): void {
    output([
      ...['openssl', 'req', '-x509', ...key, '-days', '2', ...authority],
      ...['-subj', '/O=system:masters/CN=kube-apiserver-kubelet-client'],
      ...['-addext', 'extendedKeyUsage=clientAuth', '-addext', 'basicConstraints=critical,CA:FALSE'],
      ...this.#pair('kubelet-client'),
    ]);
  }

  #writeKubeconfig(path: string, user: string, token: string): void {
    const cluster = { server: this.serverUrl, 'certificate-authority': this.path('ca.crt') };
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'test', cluster }],
      users: [{ name: user, user: { token } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user } }],
      'current-context': 'test',
    };
    writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
  }

  #pair(name: string): readonly string[] {
    return ['-keyout', this.path(`${name}.key`), '-out', this.path(`${name}.crt`)];
  }
}
