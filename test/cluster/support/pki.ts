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

  constructor(folder: string, port: number) {
    this.folder = folder;
    this.serverUrl = `https://127.0.0.1:${port}`;
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
    output(['openssl', 'genpkey', '-algorithm', 'RSA', '-out', this.path('service-account.key')]);
    const users = Object.keys(tokens) as ClusterUser[];
    const lines = users.map((user, uid) => {
      const [name, group] = tokens[user];
      return `${this.token(user)},${name},${uid + 1}${group === '' ? '' : `,${group}`}\n`;
    });
    writeFileSync(this.path('tokens.csv'), lines.join(''), { mode: 0o600 });
    for (const user of users) {
      const config = {
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [
          { name: 'test', cluster: { server: this.serverUrl, 'certificate-authority': this.path('ca.crt') } },
        ],
        users: [{ name: user, user: { token: this.token(user) } }],
        contexts: [{ name: 'test', context: { cluster: 'test', user } }],
        'current-context': 'test',
      };
      writeFileSync(this.kubeconfig(user), JSON.stringify(config), { mode: 0o600 });
    }
  }

  #pair(name: string): readonly string[] {
    return ['-keyout', this.path(`${name}.key`), '-out', this.path(`${name}.crt`)];
  }
}
