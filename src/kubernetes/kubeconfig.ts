import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { parse } from 'yaml';
import { describeCause } from './describe-cause.ts';
import { errors } from './errors.ts';

export interface KubeconfigOptions {
  /** A kubeconfig; where left out those of KUBECONFIG, ~/.kube/config, or the service account of the pod. */
  readonly file?: string;
  /** One of its contexts; where left out its current one. */
  readonly context?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Where the pod's own files are looked for. */
  readonly fileSystemRoot?: string;
}

/** Of a user, as kubeconfigs have it; client-node keeps it as it was written. */
interface ExecPlugin {
  command?: string;
  apiVersion?: string;
  env?: { name: string; value: string }[] | null;
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Reads where the cluster is and how to be known there, from the same places as kubectl. Read again it sees what changed:
 * renewed certificates, tokens, another address.
 *
 * @throws KISIM_E_KUBE_NO_CLUSTER where there is none, or it cannot be read
 */
export function readKubeconfig(empty: KubeConfig, options: KubeconfigOptions): KubeConfig {
  const { environment = process.env, fileSystemRoot = '', context } = options;
  const files = kubeconfigFiles(options.file, environment);
  if (files.length > 0) loadFiles(empty, files);
  else loadServiceAccount(empty, environment, fileSystemRoot);
  if (context !== undefined) empty.setCurrentContext(context);
  return completed(empty, files);
}

/** Whether there is a kubeconfig or a service account at all; whether it is of any use shows when it is read. */
export function isClusterConfigured({
  file,
  environment = process.env,
  fileSystemRoot = '',
}: KubeconfigOptions): boolean {
  if (file !== undefined || (environment['KUBECONFIG'] ?? '') !== '') return true;
  if (kubeconfigFiles(undefined, environment).length > 0) return true;
  const host = environment['KUBERNETES_SERVICE_HOST'];
  return host !== undefined && host !== '' && existsSync(join(fileSystemRoot, SERVICE_ACCOUNT, 'token'));
}

function kubeconfigFiles(
  file: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  if (file !== undefined) return [resolve(file)];
  const named = (environment['KUBECONFIG'] ?? '').split(delimiter).filter((name) => name !== '');
  if (named.length > 0) {
    const there = named.filter((name) => existsSync(name));
    if (there.length === 0)
      throw errors.KISIM_E_KUBE_NO_CLUSTER(`KUBECONFIG names ${named.join(', ')}: not there`);
    return there.map((name) => resolve(name));
  }
  const home = environment['HOME'];
  const usual = home === undefined || home === '' ? undefined : join(home, '.kube', 'config');
  return usual !== undefined && existsSync(usual) ? [usual] : [];
}

function loadFiles(config: KubeConfig, files: readonly string[]): void {
  for (const [i, file] of files.entries()) {
    try {
      const loaded = i === 0 ? config : new (config.constructor as new () => KubeConfig)();
      loaded.loadFromFile(file);
      completeUsers(loaded, file);
      if (i > 0) config.mergeConfig(loaded, Boolean(config.currentContext));
    } catch (error) {
      throw errors.KISIM_E_KUBE_NO_CLUSTER(`${file}: ${describeCause(error)}`, { cause: error });
    }
  }
}

/** What client-node leaves out: token files by their name in the API, plugins beside the file, what plugins are told. */
function completeUsers(config: KubeConfig, file: string): void {
  const folder = dirname(file);
  const { users = [] } = parse(readFileSync(file, 'utf8')) as {
    users?: { name: string; user?: { tokenFile?: string } }[];
  };
  config.users = config.users.map((user) => {
    const tokenFile = users.find(({ name }) => name === user.name)?.user?.tokenFile;
    if (tokenFile !== undefined && !user.token) {
      const path = isAbsolute(tokenFile) ? tokenFile : join(folder, tokenFile);
      return { ...user, authProvider: { name: 'tokenFile', config: { tokenFile: path } } };
    }
    const exec = user.exec as ExecPlugin | null | undefined;
    if (exec !== undefined && exec !== null) completePlugin(exec, folder);
    return user;
  });
}

/** k8s.io/client-go/plugin/pkg/client/auth/exec: some plugins do not run without this variable. */
function completePlugin(exec: ExecPlugin, folder: string): void {
  if (exec.command?.includes('/') === true && !isAbsolute(exec.command))
    exec.command = join(folder, exec.command);
  const information = {
    apiVersion: exec.apiVersion ?? 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    spec: { interactive: false },
  };
  exec.env = [...(exec.env ?? []), { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(information) }];
}

function loadServiceAccount(
  config: KubeConfig,
  environment: Readonly<Record<string, string | undefined>>,
  root: string,
): void {
  const folder = join(root, SERVICE_ACCOUNT);
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = environment;
  const tokenFile = join(folder, 'token');
  if (host === undefined || host === '' || !existsSync(tokenFile))
    throw errors.KISIM_E_KUBE_NO_CLUSTER('no kubeconfig, and this process is not in a pod of a cluster');
  const namespaceFile = join(folder, 'namespace');
  const name = 'in-cluster';
  config.loadFromOptions({
    clusters: [
      {
        name,
        caFile: join(folder, 'ca.crt'),
        server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
        skipTLSVerify: false,
      },
    ],
    users: [{ name, authProvider: { name: 'tokenFile', config: { tokenFile } } }],
    contexts: [
      {
        name,
        cluster: name,
        user: name,
        namespace: existsSync(namespaceFile) ? readFileSync(namespaceFile, 'utf8').trim() : undefined,
      },
    ],
    currentContext: name,
  });
}

/** A configuration whose context, cluster and user are there. */
function completed(config: KubeConfig, files: readonly string[]): KubeConfig {
  const from = files.length === 0 ? 'the service account' : files.join(', ');
  const known = config.getContexts().map(({ name }) => name);
  const name = config.getCurrentContext();
  const context = name ? config.getContextObject(name) : null;
  if (context === null) {
    const which = name ? `no context '${name}'` : 'no current context';
    throw errors.KISIM_E_KUBE_NO_CLUSTER(`${from}: ${which}; there are: ${known.join(', ') || 'none'}`);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null)
    throw errors.KISIM_E_KUBE_NO_CLUSTER(
      `${from}: context '${name}' names the cluster '${context.cluster}', not there`,
    );
  if (!/^https?:\/\/[^/]/.test(cluster.server) || !URL.canParse(cluster.server))
    throw errors.KISIM_E_KUBE_NO_CLUSTER(`${from}: the server '${cluster.server}' is no http(s) address`);
  if (context.user && config.getCurrentUser() === null)
    throw errors.KISIM_E_KUBE_NO_CLUSTER(
      `${from}: context '${name}' names the user '${context.user}', not there`,
    );
  const anonymous = { name: 'anonymous' };
  config.loadFromOptions({
    // client-node refuses plain HTTP unless certificates need not be checked, of which there are none.
    clusters: config.clusters.map((each) =>
      each.server.startsWith('http:') ? { ...each, skipTLSVerify: true } : each,
    ),
    // And without a user it leaves the authority's certificate out too.
    users: context.user ? config.users : [...config.users, anonymous],
    contexts: config.contexts.map((each) =>
      each === context && !context.user ? { ...each, user: anonymous.name } : each,
    ),
    currentContext: name,
  });
  return config;
}
