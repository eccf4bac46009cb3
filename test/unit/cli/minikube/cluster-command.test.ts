import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, type TestContext, test } from 'node:test';
import { runCli } from '../../../../src/cli/program.ts';
import { FakeApiServer } from '../../../support/fake-api-server.ts';
import { playGating } from '../../../support/played-gating.ts';
import { StandInMinikube } from '../../../support/stand-in-minikube.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { fakeHost } from '../fake-host.ts';

const controlPlane = {
  Name: 'fake',
  Host: 'Running',
  Kubelet: 'Running',
  APIServer: 'Running',
  Kubeconfig: 'Configured',
  Worker: false,
};
const worker = {
  ...controlPlane,
  Name: 'fake-m02',
  APIServer: 'Irrelevant',
  Kubeconfig: 'Irrelevant',
  Worker: true,
};
const profile = {
  Name: 'fake',
  Status: 'Skipped',
  Config: { Name: 'fake', Driver: 'kvm2', KubernetesConfig: { KubernetesVersion: 'v1.36.4' } },
};

describe('kisimd cluster', () => {
  let folder: string;
  let minikube: StandInMinikube;

  beforeEach((t) => {
    folder = temporaryFolder(t as unknown as TestContext);
    minikube = new StandInMinikube(folder);
  });

  async function cluster(words: readonly string[], given: { path?: string; signal?: AbortSignal } = {}) {
    const host = { ...fakeHost({ PATH: given.path ?? folder }), ...given };
    const status = await runCli(['cluster', ...words], host);
    return { status, out: host.out(), err: host.err() };
  }

  describe('start', () => {
    test('asks minikube for what was asked for, passes on what it says, and says what comes next', async () => {
      const words = ['--driver', 'kvm2', '--addons', 'metrics-server,ingress', '-p', 'bench'];
      const { status, out, err } = await cluster(['start', ...words, '--kubernetes-version', 'v1.36.4']);
      assert.equal(status, 0, err);
      assert.deepEqual(minikube.asked.at(-1), [
        'start',
        '--profile=bench',
        '--nodes=3',
        '--driver=kvm2',
        '--cpus=2',
        '--memory=4g',
        '--kubernetes-version=v1.36.4',
        '--addons=metrics-server',
        '--addons=ingress',
      ]);
      assert.equal(err, '* start at work\n! a warning\n');
      assert.match(out, /^running {3}cluster bench, by minikube v1\.36\.0$/m);
      assert.match(out, /kisimd setup --context bench --opt-in default/);
    });

    test('leaves the driver and the version to minikube, and prints JSON alone on its output', async () => {
      const { out } = await cluster(['start', '--nodes', '1', '--json']);
      assert.deepEqual(minikube.asked.at(-1), [
        'start',
        '--profile=minikube',
        '--nodes=1',
        '--cpus=2',
        '--memory=4g',
      ]);
      assert.equal((JSON.parse(out) as { profile: string }).profile, 'minikube');
    });

    test('tells what failed, by the meaning of the exit status', async () => {
      minikube.tell({ exit: { start: 29 } });
      const { status, err } = await cluster(['start']);
      assert.equal(status, 1);
      assert.match(err, /KISIM_E_MINIKUBE_FAILED.*exit status 29 \(too little memory, CPU or disk/);
    });

    test('refuses what minikube would refuse later or take for something else', async () => {
      for (const words of [
        ['--nodes', '0'],
        ['--nodes', '2', '--driver', 'none'],
        ['--cpus', 'two'],
        ['--memory', 'much'],
        ['--addons', '--force'],
        ['--profile', '--purge'],
        ['--driver', 'other'],
        ['--kubernetes-version', 'newest'],
      ]) {
        const { status, err } = await cluster(['start', ...words]);
        assert.equal(status, 2, words.join(' '));
        assert.match(err, /^KISIM_E_USAGE/);
      }
      assert.deepEqual(minikube.asked, []);
    });

    test('a wish to stop reaches minikube', async () => {
      minikube.tell({ hangs: true });
      const stop = new AbortController();
      const running = cluster(['start'], { signal: stop.signal });
      while (minikube.asked.at(-1)?.[0] !== 'start') await new Promise((resolve) => setImmediate(resolve));
      stop.abort();
      const { status, err } = await running;
      assert.equal(status, 1);
      assert.match(err, /KISIM_E_MINIKUBE_FAILED/);
    });
  });

  test('says how to get minikube where it is not, and which one where it is too old or none', async () => {
    for (const words of ['start', 'status', 'stop']) {
      const { status, err } = await cluster([words], { path: temporaryPath() });
      assert.equal(status, 1);
      assert.match(err, /^KISIM_E_MINIKUBE_MISSING.*minikube\.sigs\.k8s\.io/s);
    }
    minikube.tell({ version: 'v1.32.9' });
    assert.match((await cluster(['start'])).err, /^KISIM_E_MINIKUBE_TOO_OLD: .*v1\.32\.9/);
    minikube.tell({ version: 'unreleased' });
    assert.match((await cluster(['start'])).err, /^KISIM_E_MINIKUBE_ANSWER/);
    function temporaryPath(): string {
      return join(folder, 'nothing-here');
    }
  });

  test('stop stops the profile', async () => {
    const { status, out } = await cluster(['stop', '--profile', 'bench']);
    assert.equal(status, 0);
    assert.deepEqual(minikube.asked.at(-1), ['stop', '--profile=bench']);
    assert.equal(out, 'stopped   cluster bench\n');
  });

  describe('status', () => {
    test('of no such cluster says so, with exit status 1', async () => {
      minikube.tell({ exit: { status: 85 } });
      const { status, out } = await cluster(['status', '--json']);
      assert.equal(status, 1);
      assert.deepEqual(JSON.parse(out), { profile: 'minikube', minikube: 'v1.36.0', state: 'absent' });
    });

    test('of a stopped one tells each machine, and asks no API server', async () => {
      const stopped = { ...controlPlane, Host: 'Stopped', Kubelet: 'Stopped', APIServer: 'Stopped' };
      minikube.tell({ status: stopped, profiles: [profile], exit: { status: 7 } });
      const { status, out } = await cluster(['status', '-p', 'fake']);
      assert.equal(status, 1);
      assert.equal(
        out,
        'not up    cluster fake (kvm2, Kubernetes v1.36.4)\n' +
          'node      fake: machine Stopped, kubelet Stopped, control plane, API server Stopped\n',
      );
    });

    test('that is no JSON of minikube is told', async () => {
      minikube.tell({ status: 'not JSON' });
      assert.match((await cluster(['status'])).err, /^KISIM_E_MINIKUBE_ANSWER.*minikube status -p minikube/);
      minikube.tell({ status: { Other: 1 } });
      assert.match((await cluster(['status'])).err, /^KISIM_E_MINIKUBE_ANSWER.*instead of Name, Host/);
    });

    describe('of a running one', () => {
      let server: FakeApiServer;
      let kubeconfig: string;

      beforeEach(async (t) => {
        server = await FakeApiServer.start();
        (t as unknown as TestContext).after(() => server.close());
        kubeconfig = join(folder, 'kubeconfig');
        writeFileSync(kubeconfig, server.kubeconfig);
        minikube.tell({ status: [controlPlane, worker], profiles: [profile] });
        for (const name of ['fake', 'fake-m02'])
          server.create({ apiVersion: 'v1', kind: 'Node', metadata: { name } });
      });

      const status = (...words: readonly string[]) =>
        cluster(['status', '-p', 'fake', '--set', `kubernetes.kubeconfig=${kubeconfig}`, ...words]);

      test('says that it is not set up, and how far its nodes are metered', async () => {
        const { status: exit, out, err } = await status('--set', 'export.port=1');
        assert.equal(exit, 0, err);
        assert.match(out, /^running {3}cluster fake \(kvm2, Kubernetes v1\.36\.4\)$/m);
        assert.match(out, /^node {6}fake-m02: machine Running, kubelet Running, worker$/m);
        assert.match(out, /^setup {5}not set up/m);
        assert.match(out, /^meter {5}fake: not metered here \(/m);
        assert.match(
          out,
          /^meter {5}guests and containers of this machine are not known: no daemon answers/m,
        );
      });

      test('says what is set up, who is opted in, who places, and which nodes are metered as what', async (t) => {
        const daemon = createServer((_, response) => {
          const entity = { kind: 'vm', state: 'running', vmId: 'uuid-1', key: 'vm:uuid-1', name: 'fake-m02' };
          response.end(JSON.stringify({ schema: 1, node: {}, entities: [entity] }));
        });
        t.after(() => daemon.close());
        daemon.listen(0, '127.0.0.1');
        await once(daemon, 'listening');
        const { port } = daemon.address() as AddressInfo;
        const words = ['--set', `export.port=${port}`];
        server.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } });
        const setup = [
          'setup',
          '--kubeconfig',
          kubeconfig,
          '--opt-in',
          'team',
          '--features',
          'none',
          '--yes',
        ];
        playGating(server);
        assert.equal(await runCli(setup, fakeHost()), 0);
        server.create({
          apiVersion: 'coordination.k8s.io/v1',
          kind: 'Lease',
          metadata: { name: 'kisimd', namespace: 'kisimd' },
          spec: { holderIdentity: 'host-1_x' },
        });
        const { out, err } = await status(...words);
        assert.match(out, /^setup {5}in namespace kisimd; the API server holds new pods$/m, err);
        assert.match(out, /^setup {5}opted in: team$/m);
        assert.match(out, /^setup {5}pods are placed by host-1_x$/m);
        assert.match(out, /^meter {5}fake-m02: as vm fake-m02$/m);
        const told = JSON.parse((await status(...words, '--json')).out) as {
          setup: { gatesBy: string };
          metered: { nodes: { node: string; as?: string }[] };
        };
        assert.equal(told.setup.gatesBy, 'policy');
        assert.equal(told.metered.nodes.find(({ node }) => node === 'fake-m02')?.as, 'vm fake-m02');
      });

      test('whose API server cannot be asked says why, and what minikube knows', async () => {
        await server.close();
        const { status: exit, out } = await status();
        assert.equal(exit, 0);
        assert.match(out, /^unknown {3}what the cluster says: KISIM_E_KUBE_UNREACHABLE/m);
      });
    });
  });
});
