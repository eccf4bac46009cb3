import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runCli } from '../../src/cli/program.ts';
import type { ApiNode, ApiPod } from '../../src/kubernetes/api-objects.ts';
import { ClientNodeApi } from '../../src/kubernetes/client-node-api.ts';
import { isGated } from '../../src/kubernetes/gated-pod-patch.ts';
import type { KubeApi } from '../../src/kubernetes/kube-api.ts';
import {
  DEFAULT_NAMESPACE,
  NODE_ANNOTATION,
  OPT_IN_LABEL,
  SLEEP_ANNOTATION,
  TIER_LABEL,
  TIER_TAINT,
} from '../../src/kubernetes/names.ts';
import { Cleanups } from '../system/support/cleanups.ts';
import { waitFor } from '../system/support/wait-for.ts';
import { fakeHost } from '../unit/cli/fake-host.ts';
import { ControlPlane } from './support/control-plane.ts';
import { outsideNamespace, programHere } from './support/in-namespace.ts';
import { succeed } from './support/install-program.ts';

const run = promisify(execFile);
const TEAM = 'team';
const LABELLED = [
  'namespaces,serviceaccounts,secrets',
  'clusterroles,clusterrolebindings,roles,rolebindings',
  'mutatingadmissionpolicies,mutatingadmissionpolicybindings,mutatingwebhookconfigurations',
].join(',');

describe('kisimd setup, at the real API server', { skip: outsideNamespace }, () => {
  const cleanups = new Cleanups();
  let plane: ControlPlane;
  let admin: KubeApi;
  let pods = 0;

  before(async () => {
    plane = await ControlPlane.start(programHere()!, cleanups);
    // Namespaces are emptied and tokens filled in by controllers.
    await plane.startControllerManager();
    admin = await connect(plane.kubeconfig);
    await succeed(admin, 'POST', '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: TEAM },
    });
  });
  after(() => cleanups.run());

  async function connect(file: string): Promise<ClientNodeApi> {
    const api = await ClientNodeApi.fromKubeconfig({ file });
    cleanups.add('client', () => api.close());
    return api;
  }

  async function setup(...words: readonly string[]) {
    const host = fakeHost();
    const given = ['--kubeconfig', plane.kubeconfig, '--set', `history.path=${plane.folder}/energy.db`];
    // The last word wins where an option is given twice.
    const status = await runCli(['setup', ...given, ...words], host);
    return { status, out: host.out(), err: host.err() };
  }

  async function done(...words: readonly string[]): Promise<string> {
    const { status, out, err } = await setup(...words);
    assert.equal(status, 0, err);
    return out;
  }

  async function refused(code: string, ...words: readonly string[]): Promise<string> {
    const { status, err } = await setup(...words);
    assert.equal(status, 1);
    assert.match(err, new RegExp(`^${code}: `));
    return err;
  }

  async function kubectl(...words: readonly string[]): Promise<string> {
    const { stdout } = await run(programHere()!, ['kubectl', '--kubeconfig', plane.kubeconfig, ...words]);
    return stdout.trim();
  }

  const labelled = () =>
    kubectl('get', LABELLED, '-A', '-l', 'app.kubernetes.io/managed-by=kisimd', '-o', 'name');

  async function pod(): Promise<ApiPod> {
    pods += 1;
    return (await succeed(admin, 'POST', `/api/v1/namespaces/${TEAM}/pods`, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `pod-${pods}` },
      spec: { containers: [{ name: 'main', image: 'registry.example/base:1' }] },
    })) as ApiPod;
  }

  const read = (made: ApiPod) =>
    succeed(admin, 'GET', `/api/v1/namespaces/${TEAM}/pods/${made.metadata!.name}`) as Promise<ApiPod>;

  /** The daemon as a user runs it, until it leads. @returns what ends it and gives its log */
  async function startDaemon(kubeconfig: string, ...more: readonly string[]): Promise<() => Promise<string>> {
    const settings = [
      `kubernetes.kubeconfig=${kubeconfig}`,
      `history.path=${plane.folder}/daemon/energy.db`,
      'meter.sources=estimated',
      'placement.cluster=live',
      'placement.policy=best-fit',
      'export.port=0',
      ...more,
    ];
    mkdirSync(join(plane.folder, 'daemon'), { recursive: true });
    const words = ['run', ...settings.flatMap((setting) => ['--set', setting])];
    const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
    const daemon = spawn(process.execPath, [main, ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
    cleanups.add('daemon', () => daemon.kill('SIGKILL'));
    let log = '';
    daemon.stderr.on('data', (part: Buffer) => {
      log += part.toString();
    });
    const path = `/apis/coordination.k8s.io/v1/namespaces/${DEFAULT_NAMESPACE}/leases/kisimd`;
    await waitFor('the daemon to lead', 60, async () => {
      return (await admin.request({ method: 'GET', path })).status === 200;
    });
    return async () => {
      const ended = once(daemon, 'close');
      daemon.kill('SIGTERM');
      assert.deepEqual(await ended, [0, null], log.slice(-2000));
      return log;
    };
  }

  test('a dry run tells all and writes nothing', async () => {
    const out = await done('--dry-run', '--opt-in', TEAM);
    assert.match(out, /^create {4}MutatingAdmissionPolicyBinding kisimd-gate$/m);
    assert.equal(await labelled(), '');
  });

  test('pods of opted-in namespaces are held from then on, and kubectl shows what does it', async () => {
    const out = await done('--opt-in', TEAM, '--features', 'jobs');
    assert.match(out, /^gating {4}seen/m);
    const made = await pod();
    assert(isGated(made));
    assert.deepEqual((await labelled()).split('\n').sort(), [
      'clusterrole.rbac.authorization.k8s.io/kisimd',
      'clusterrolebinding.rbac.authorization.k8s.io/kisimd',
      'mutatingadmissionpolicy.admissionregistration.k8s.io/kisimd-gate',
      'mutatingadmissionpolicybinding.admissionregistration.k8s.io/kisimd-gate',
      'namespace/kisimd',
      'role.rbac.authorization.k8s.io/kisimd',
      'rolebinding.rbac.authorization.k8s.io/kisimd',
      'serviceaccount/kisimd',
    ]);
  });

  test('again it has nothing to do, whatever defaults the server has filled in', async () => {
    const out = await done('--opt-in', TEAM, '--features', 'jobs');
    assert.doesNotMatch(out, /^(create|change|replace|opt in) /m);
  });

  test('other features change the role alone; a missing part is made again', async () => {
    await kubectl('delete', 'rolebinding', 'kisimd', '-n', DEFAULT_NAMESPACE);
    const out = await done('--opt-in', TEAM, '--features', 'jobs,node-advice');
    assert.match(out, /^change {4}ClusterRole kisimd \(rules/m);
    assert.match(out, /^create {4}RoleBinding kisimd\/kisimd$/m);
    assert.equal(out.match(/^(create|change|replace) /gm)?.length, 2);
  });

  test('fields that somebody else has set are named, and taken over by force alone', async () => {
    const rule = '[{"op":"replace","path":"/rules/0/verbs","value":["get"]}]';
    await kubectl('patch', 'clusterrole', 'kisimd', '--type=json', '-p', rule);
    const err = await refused('KISIM_E_SETUP_CONFLICT', '--features', 'jobs');
    assert.match(err, /ClusterRole kisimd: \.rules of kubectl-patch/);
    assert.match(await done('--features', 'jobs', '--force'), /takes over \.rules of kubectl-patch/);
    assert.doesNotMatch(await done('--features', 'jobs'), /^(create|change|replace) /m);
  });

  test('a role that a binding cannot change is replaced', async () => {
    await kubectl('delete', 'clusterrolebinding', 'kisimd');
    await kubectl(
      'create',
      'clusterrolebinding',
      'kisimd',
      '--clusterrole=view',
      '--serviceaccount=kisimd:kisimd',
    );
    await refused('KISIM_E_SETUP_FOREIGN', '--features', 'jobs');
    assert.match(
      await done('--features', 'jobs', '--force'),
      /^replace {3}ClusterRoleBinding kisimd \(roleRef\.name\)$/m,
    );
  });

  test('the kubeconfig that it writes is of the account, with its rights and no others', async () => {
    const path = join(plane.folder, 'service.kubeconfig');
    for (const lasting of [[], ['--long-lived-token']]) {
      assert.match(await done('--features', 'jobs', '--write-kubeconfig', path, ...lasting), /^written/m);
      const api = await connect(path);
      await waitFor('the token to be known', 10, async () => {
        return (await api.request({ method: 'GET', path: '/api/v1/pods' })).status === 200;
      });
      const { status } = await api.request({ method: 'GET', path: '/api/v1/secrets' });
      assert.equal(status, 403);
    }
  });

  test('what is tried out passes the strictest pod security and a limit range', async () => {
    await kubectl('create', 'namespace', 'strict');
    await kubectl('label', 'namespace', 'strict', 'pod-security.kubernetes.io/enforce=restricted');
    await succeed(admin, 'POST', '/api/v1/namespaces/strict/limitranges', {
      apiVersion: 'v1',
      kind: 'LimitRange',
      metadata: { name: 'limits' },
      spec: { limits: [{ type: 'Container', max: { cpu: '1', memory: '1Gi' }, default: { cpu: '500m' } }] },
    });
    assert.match(await done('--features', 'jobs', '--opt-in', 'strict'), /^gating {4}seen/m);
    assert.equal(await kubectl('get', 'pods', '-n', 'strict', '-o', 'name'), '');
  });

  test('bad input is told by its cause and changes nothing', async () => {
    await refused('KISIM_E_SETUP_TWICE', '--namespace', 'second');
    await refused('KISIM_E_SETUP_TWICE', '--remove', '--namespace', 'second');
    await refused('KISIM_E_SETUP_OPT_IN', '--opt-in', 'absent');
    const service = join(plane.folder, 'service.kubeconfig');
    const err = await refused('KISIM_E_SETUP_FORBIDDEN', '--kubeconfig', service);
    assert.match(err, /create clusterroles\.rbac\.authorization\.k8s\.io/);
    const text = readFileSync(plane.kubeconfig, 'utf8');
    const wrong = join(plane.folder, 'wrong.kubeconfig');
    writeFileSync(wrong, text.replace('admin-token', 'no-token'));
    await refused('KISIM_E_KUBE_TOKEN', '--kubeconfig', wrong);
    const unsigned = text.replace(/"certificate-authority":"[^"]*",?/, '').replace(/,\}/g, '}');
    writeFileSync(wrong, unsigned);
    await refused('KISIM_E_KUBE_CERTIFICATE', '--kubeconfig', wrong);
  });

  test('taken away, waiting pods are free as they were made, and nothing is left', async () => {
    const waiting = await pod();
    assert(isGated(waiting));
    const node = { name: 'n1', annotations: { [SLEEP_ANNOTATION]: '{"state":"asleep"}' } };
    const taints = [
      { key: TIER_TAINT, effect: 'PreferNoSchedule' },
      { key: 'theirs', effect: 'NoSchedule' },
    ];
    await succeed(admin, 'POST', '/api/v1/nodes', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { ...node, labels: { [TIER_LABEL]: 'best' } },
      spec: { taints, unschedulable: true },
    });
    const out = await done('--remove');
    const clean = (await succeed(admin, 'GET', '/api/v1/nodes/n1')) as ApiNode;
    assert.deepEqual(
      [clean.metadata?.labels, clean.metadata?.annotations?.[SLEEP_ANNOTATION]],
      [undefined, undefined],
    );
    assert.equal(clean.spec?.unschedulable, undefined);
    assert.deepEqual(
      clean.spec?.taints?.filter(({ key }) => key.startsWith('kisimd')),
      [],
    );
    assert(clean.spec?.taints?.some(({ key }) => key === 'theirs'));
    assert.match(out, /^freed {5}pod team\/pod-/m);
    assert.match(out, /^removed {3}nothing of kisimd is left/m);
    assert.equal(await labelled(), '');
    assert.equal(await kubectl('get', 'namespaces', '-l', OPT_IN_LABEL, '-o', 'name'), '');
    const free = await read(waiting);
    assert(!isGated(free));
    assert.deepEqual(free.spec?.affinity, undefined);
    assert(!isGated(await pod()));
    assert.doesNotMatch(await done('--remove'), /^(delete|free|opt out|clean)/m);
  });

  test('the daemon places pods by what was set up, and is taken away under its feet', async () => {
    const file = join(plane.folder, 'daemon.kubeconfig');
    await done('--opt-in', TEAM, '--write-kubeconfig', file);
    await succeed(admin, 'POST', '/api/v1/nodes', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'roomy' },
      status: { allocatable: { cpu: '16', memory: '64Gi', pods: '200' } },
    });
    const stop = await startDaemon(file);
    const placed = await waitFor('a pod to be placed', 30, async () => {
      const made = await pod();
      await waitFor('it to be free', 15, async () => !isGated(await read(made)));
      return (await read(made)).metadata?.annotations?.[NODE_ANNOTATION];
    });
    assert.equal(placed, 'roomy');
    assert.match(await done('--remove'), /holds the lease: a daemon that still runs loses its rights/);
    assert.equal(await labelled(), '');
    assert(!isGated(await pod()));
    assert.doesNotMatch(await stop(), /permission-missing/);
  });

  test('set up anew after that, with the webhook that the daemon serves', async () => {
    const url = 'https://127.0.0.1:28283/gate';
    const file = join(plane.folder, 'daemon.kubeconfig');
    const folder = ['--set', `kubernetes.webhook-folder=${plane.folder}/webhook`];
    const words = ['--opt-in', TEAM, '--write-kubeconfig', file, ...folder];
    assert.match(await done('--webhook-url', url, ...words), /which is not the case now/);
    assert(!isGated(await pod()));
    const stop = await startDaemon(file, folder[1]!);
    const made = await waitFor('a pod to be gated', 30, async () => {
      const one = await pod();
      return isGated(one) ? one : undefined;
    });
    await waitFor('it to be placed', 15, async () => {
      return (await read(made)).metadata?.annotations?.[NODE_ANNOTATION] === 'roomy';
    });
    assert.match(await done(...words), /^gating {4}seen.*as it does now/ms);
    const policy = await done('--gates-by', 'policy', ...words);
    assert.match(policy, /^deleted {3}MutatingWebhookConfiguration kisimd-gate$/m);
    await done('--remove');
    assert.equal(await labelled(), '');
    await stop();
  });
});
