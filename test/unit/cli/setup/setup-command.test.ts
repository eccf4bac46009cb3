import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, type TestContext, test } from 'node:test';
import { runCli } from '../../../../src/cli/program.ts';
import { ClientNodeApi } from '../../../../src/kubernetes/client-node-api.ts';
import { fieldsOf } from '../../../support/fake-api/objects.ts';
import { FakeApiServer } from '../../../support/fake-api-server.ts';
import { playGating } from '../../../support/played-gating.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { fakeHost } from '../fake-host.ts';

describe('kisimd setup', () => {
  let server: FakeApiServer;

  beforeEach(async () => {
    server = await FakeApiServer.start({ token: 'secret' });
    playGating(server);
    server.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } });
  });
  afterEach(() => server.close());

  /** @param answer typed by a person at a terminal; nobody where left out */
  async function setup(t: Pick<TestContext, 'after'>, words: readonly string[], answer?: string) {
    const folder = temporaryFolder(t);
    const file = join(folder, 'admin.kubeconfig');
    writeFileSync(file, server.kubeconfig);
    const host = fakeHost();
    const stdin = new PassThrough();
    if (answer !== undefined) {
      Object.assign(stdin, { isTTY: true });
      Object.assign(host.stderr, { isTTY: true });
      stdin.end(answer);
    }
    const given = ['--kubeconfig', file, '--set', `history.path=${join(folder, 'energy.db')}`];
    const status = await runCli(['setup', ...words, ...given], {
      ...host,
      stdin: stdin as unknown as NodeJS.ReadStream,
    });
    return { status, out: host.out(), err: host.err(), folder };
  }

  test('says what it does, does it, and says what comes next', async (t) => {
    const { status, out, err } = await setup(t, ['--opt-in', 'team']);
    assert.equal(status, 0, err);
    assert.match(
      out,
      /^cluster {3}http:\/\/127\.0\.0\.1:\d+ \(context fake\), Kubernetes v1\.36\.4; the API server/,
    );
    assert.match(out, /^create {4}ClusterRole kisimd$/m);
    assert.match(out, /^opt in {4}namespace team$/m);
    assert.match(out, /^created {3}MutatingAdmissionPolicy kisimd-gate$/m);
    assert.match(out, /^gating {4}seen/m);
    assert.match(out, /^note {6}new pods of team wait until `kisimd run`/m);
    assert.notEqual(server.find('MutatingAdmissionPolicyBinding', 'kisimd-gate'), undefined);
  });

  test('a dry run says the same and does nothing', async (t) => {
    const { status, out } = await setup(t, ['--opt-in', 'team', '--dry-run']);
    assert.equal(status, 0);
    assert.match(out, /^create {4}Namespace kisimd$/m);
    assert.match(out, /^grant {5}get, list, watch, patch pods \(to see pods, to place and free gated ones/m);
    assert.match(out, /^grant {5}get, update leases\.coordination\.k8s\.io kisimd in its own namespace \(/m);
    assert.equal(server.find('Namespace', 'kisimd'), undefined);
  });

  test('a person is asked, and no is no', async (t) => {
    for (const answer of ['n\n', '\n', '']) {
      const { status, err } = await setup(t, [], answer);
      assert.equal(status, 1);
      assert.match(err, /Go on\? \[y\/N\].*KISIM_E_SETUP_DECLINED/s);
    }
    assert.equal(server.find('Namespace', 'kisimd'), undefined);
    assert.equal((await setup(t, [], 'y\n')).status, 0);
    // There is nothing to ask for any more.
    assert.doesNotMatch((await setup(t, [], 'n\n')).err, /Go on/);
  });

  test('JSON tells the plan, what was done and what was seen', async (t) => {
    const { out } = await setup(t, ['--opt-in', 'team', '--json']);
    const told = JSON.parse(out) as {
      version: string;
      plan: { action: string; what: string }[];
      outcomes: { outcome: string; what: string }[];
      gating: { state: string };
    };
    assert.equal(told.version, 'v1.36.4');
    assert.deepEqual(told.plan[0], { action: 'create', what: 'Namespace kisimd', details: [] });
    assert.equal(told.outcomes.length, told.plan.length);
    assert.deepEqual(told.gating, { state: 'gated' });
  });

  test('pods that are not gated afterwards are an error', async (t) => {
    server.operations.admission = (_, object) => object;
    t.mock.method(
      performance,
      'now',
      (() => {
        let now = 0;
        return () => (now += 10_000);
      })(),
    );
    const { status, err } = await setup(t, ['--opt-in', 'team']);
    assert.equal(status, 1);
    assert.match(err, /KISIM_E_SETUP_NOT_GATING/);
  });

  test('features are the configured ones, or those that are named', async (t) => {
    const rules = () => JSON.stringify(server.find('ClusterRole', 'kisimd')!['rules']);
    await setup(t, ['--set', 'placement.jobs=true']);
    assert.match(rules(), /"jobs"/);
    await setup(t, ['--features', 'eviction,deployments', '--set', 'placement.jobs=true']);
    assert.match(rules(), /"pods\/eviction"/);
    assert.match(rules(), /"deployments"/);
    assert.doesNotMatch(rules(), /"jobs"/);
    await setup(t, ['--set', 'placement.jobs=true']);
    assert.match(rules(), /"metrics.k8s.io"/);
    assert.doesNotMatch(rules(), /"nodes\/proxy"/);
    await setup(t, ['--set', 'kubernetes.pod-use=kubelet']);
    assert.match(rules(), /"nodes\/proxy"/);
    await setup(t, ['--features', 'none', '--set', 'placement.jobs=true']);
    assert.doesNotMatch(rules(), /metrics|proxy/);
    assert.doesNotMatch(rules(), /"jobs"/);
    const { status, err } = await setup(t, ['--features', 'everything']);
    assert.equal(status, 2);
    assert.match(err, /KISIM_E_USAGE.*everything.*jobs, deployments/s);
  });

  describe('a kubeconfig for the service', () => {
    test('is private, works, and says how long', async (t) => {
      const path = join(temporaryFolder(t), 'kubeconfig');
      const { status, out, err } = await setup(t, ['--write-kubeconfig', path, '--token-lifetime', '1d']);
      assert.equal(status, 0, err);
      assert.equal(statSync(path).mode & 0o777, 0o600);
      assert.match(out, /^written {3}.*kubeconfig \(its token holds until \d{4}-\d\d-\d\dT/m);
      server.token = 'token-of-kisimd';
      const api = await ClientNodeApi.fromKubeconfig({ file: path });
      t.after(() => api.close());
      assert.equal((await api.request({ method: 'GET', path: '/api/v1/nodes' })).status, 200);
      assert.equal(api.namespace, 'kisimd');
    });

    test('with a lasting token waits until the server has filled it in', async (t) => {
      const path = join(temporaryFolder(t), 'kubeconfig');
      const admission = server.operations.admission;
      server.operations.admission = (resource, object) =>
        resource.kind === 'Secret'
          ? { ...object, data: { token: Buffer.from('lasting').toString('base64') } }
          : admission(resource, object);
      const { status, out, err } = await setup(t, ['--write-kubeconfig', path, '--long-lived-token']);
      assert.equal(status, 0, err);
      assert.match(out, /its token does not end/);
      assert.match(readFileSync(path, 'utf8'), /"token": "lasting"/);
      const secret = server.find('Secret', 'kisimd-token', 'kisimd')!;
      assert.equal(
        fieldsOf(secret, 'metadata', 'annotations')['kubernetes.io/service-account.name'],
        'kisimd',
      );
      await setup(t, ['--remove']);
      assert.equal(server.find('Secret', 'kisimd-token', 'kisimd'), undefined);
    });

    test("is renewed over the old one, and never written over somebody's own", async (t) => {
      const path = join(temporaryFolder(t), 'kubeconfig');
      await setup(t, ['--write-kubeconfig', path]);
      assert.equal((await setup(t, ['--write-kubeconfig', path])).status, 0);
      writeFileSync(path, server.kubeconfig);
      const { status, err } = await setup(t, ['--write-kubeconfig', path]);
      assert.equal(status, 1);
      assert.match(err, /KISIM_E_SETUP_KUBECONFIG.*not one of kisimd/);
      assert.equal(readFileSync(path, 'utf8'), server.kubeconfig);
      const absent = await setup(t, ['--write-kubeconfig', join(path, 'below')]);
      assert.match(absent.err, /KISIM_E_SETUP_KUBECONFIG/);
      assert.equal((await setup(t, ['--token-lifetime', '1m'])).status, 2);
    });
  });

  describe('a webhook', () => {
    beforeEach(() => {
      server.withoutPolicies = true;
      server.gitVersion = 'v1.34.0';
    });

    test('is named by its address, with the authority of the certificates that the daemon will serve', async (t) => {
      const { status, out, err, folder } = await setup(t, [
        '--webhook-url',
        'https://host.minikube.internal:28283/gate',
        '--opt-in',
        'team',
      ]);
      assert.equal(status, 0, err);
      const authority = readFileSync(join(folder, 'webhook', 'authority.pem'), 'utf8');
      const { webhooks } = server.find('MutatingWebhookConfiguration', 'kisimd-gate') as unknown as {
        webhooks: { clientConfig: { caBundle: string } }[];
      };
      const bundle = Buffer.from(webhooks[0]!.clientConfig.caBundle, 'base64').toString();
      assert(authority.startsWith(bundle));
      assert(!bundle.includes('PRIVATE'));
      assert.match(out, /pods are held while `kisimd run` serves them, which is not the case now/);
    });

    test('stays what it is when something else is changed, until the policy is asked for', async (t) => {
      const folder = temporaryFolder(t);
      const same = ['--set', `kubernetes.webhook-folder=${folder}`];
      await setup(t, ['--webhook-url', 'https://10.0.0.7:28283/gate', ...same]);
      server.withoutPolicies = false;
      server.gitVersion = 'v1.36.4';
      const { out } = await setup(t, ['--opt-in', 'team', ...same]);
      assert.match(out, /^keep {6}MutatingWebhookConfiguration kisimd-gate$/m);
      assert.equal(server.find('MutatingAdmissionPolicy', 'kisimd-gate'), undefined);
      const policy = await setup(t, ['--gates-by', 'policy', ...same]);
      assert.match(policy.out, /^deleted {3}MutatingWebhookConfiguration kisimd-gate$/m);
    });

    test('in a dry run makes no certificates', async (t) => {
      const { status, folder } = await setup(t, ['--webhook-url', 'https://10.0.0.7:1/gate', '--dry-run']);
      assert.equal(status, 0);
      assert(!existsSync(join(folder, 'webhook')));
    });

    test('without its address is an error with the remedy', async (t) => {
      const { status, err } = await setup(t, []);
      assert.equal(status, 1);
      assert.match(err, /KISIM_E_SETUP_WEBHOOK_URL.*host\.minikube\.internal/s);
    });
  });

  test('--remove takes it all away and says so', async (t) => {
    await setup(t, ['--opt-in', 'team']);
    assert.match((await setup(t, ['--remove', '--dry-run'])).out, /^delete {4}ClusterRole kisimd$/m);
    assert.notEqual(server.find('ClusterRole', 'kisimd'), undefined);
    assert.match((await setup(t, ['--remove'], 'no\n')).err, /KISIM_E_SETUP_DECLINED/);
    const { status, out, err } = await setup(t, ['--remove']);
    assert.equal(status, 0, err);
    assert.match(out, /^removed {3}nothing of kisimd is left in the cluster$/m);
    assert.match(out, /^note {6}annotations/m);
    assert.equal(server.find('Namespace', 'kisimd'), undefined);
    assert.equal((await setup(t, ['--remove', '--json'])).status, 0);
  });

  test('a cluster that cannot be talked to is told by its cause', async (t) => {
    const file = join(temporaryFolder(t), 'kubeconfig');
    writeFileSync(file, server.kubeconfig);
    const failed = async (path: string): Promise<string> => {
      const host = fakeHost();
      assert.equal(await runCli(['setup', '--kubeconfig', path], host), 1);
      return /^KISIM_E_\w+/.exec(host.err())?.[0] ?? host.err();
    };
    server.token = 'another';
    assert.equal(await failed(file), 'KISIM_E_KUBE_TOKEN');
    assert.equal(await failed('/nowhere/kubeconfig'), 'KISIM_E_KUBE_NO_CLUSTER');
    await server.close();
    assert.equal(await failed(file), 'KISIM_E_KUBE_UNREACHABLE');
  });
});
