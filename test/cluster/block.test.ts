import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import type { BlockTold } from '../../src/cli/block/format.ts';
import { BLOCK_LABEL } from '../../src/kubernetes/manifests/blocker-job.ts';
import { testApplicationManifest } from '../../src/kubernetes/manifests/test-application.ts';
import { Cleanups } from '../system/support/cleanups.ts';
import { mainFile } from '../system/support/meter.ts';
import { waitFor } from '../system/support/wait-for.ts';
import { noRealNodes } from './support/in-namespace.ts';
import { PROGRAM_IMAGE, writeProgramImage } from './support/kubelet/program-image.ts';
import { isReady, RealCluster } from './support/kubelet/real-cluster.ts';

const TEAM = 'team';

/** `kisimd block --pod` as it is typed. */
class BlockCommand {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly ended: Promise<number | null>;

  constructor(cluster: RealCluster, ...args: readonly string[]) {
    const command = [
      'block',
      '--pod',
      '--json',
      '--namespace',
      TEAM,
      '--kubeconfig',
      cluster.plane.kubeconfig,
    ];
    this.child = spawn(process.execPath, [mainFile, ...command, '--image', PROGRAM_IMAGE, ...args]);
    this.child.stdout!.on('data', (chunk) => {
      this.stdout += String(chunk);
    });
    this.child.stderr!.on('data', (chunk) => {
      this.stderr += String(chunk);
    });
    this.ended = once(this.child, 'close').then(([status]) => status as number | null);
  }

  /** Until it says that its pod runs, and where. */
  async running(): Promise<string> {
    const ended = this.ended.then((status) => {
      throw new Error(`ended with ${status} before: ${this.stderr}${this.stdout}`);
    });
    const said = waitFor('the pod of a blocker', 90, () => {
      if (this.place === undefined) throw new Error(this.stderr);
      return this.place.pod;
    });
    return await Promise.race([said, ended]);
  }

  /** What it said of its pod so far. */
  get place(): { readonly pod: string; readonly node: string } | undefined {
    const match = /^pod \S+\/(\S+) runs on (\S+)$/m.exec(this.stderr);
    return match === null ? undefined : { pod: match[1]!, node: match[2]! };
  }
}

describe('kisimd block and the test application in pods, on real kubelets', { skip: noRealNodes }, () => {
  const cleanups = new Cleanups();
  let cluster: RealCluster;
  let abandoned: BlockCommand;

  before(async () => {
    cluster = await RealCluster.start(cleanups, (folder) => [writeProgramImage(folder)]);
    cluster.kubectl('create', 'namespace', TEAM);
    // What the strictest of the standard profiles lets in.
    cluster.kubectl('label', 'namespace', TEAM, 'pod-security.kubernetes.io/enforce=restricted');
    await waitFor('the default account', 30, () =>
      cluster.kubectl('-n', TEAM, 'get', 'serviceaccount', 'default'),
    );
  });
  after(() => cleanups.run());

  const blockers = async () =>
    (await cluster.podsNow(TEAM, BLOCK_LABEL)).map(({ metadata }) => metadata.name);
  const jobs = () => cluster.kubectl('-n', TEAM, 'get', 'jobs', '-o', 'name').trim();

  test('a command that is killed leaves a pod that ends, and a Job that the cluster deletes (begun)', async () => {
    abandoned = new BlockCommand(cluster, '--cpu', '0.05', '--for', '2s');
    await abandoned.running();
    abandoned.child.kill('SIGKILL');
    await abandoned.ended;
    assert.equal((await blockers()).length, 1);
  });

  test('the test application serves from its pods, and drains when one is taken away', async () => {
    const manifest = testApplicationManifest({
      ...{ namespace: TEAM, name: 'app', image: PROGRAM_IMAGE, replicas: 2, port: 8080 },
      ...{ servers: 1, queueLimit: 10, seed: 1 },
    }) as { readonly items: readonly { readonly spec: object }[] };
    cluster.apply(...manifest.items);
    const pods = await cluster.pods(TEAM, 'app=app', 2, isReady, 120);
    for (const { status } of pods) {
      const answer = await fetch(`http://${status.podIP}:8080/cpu?ms=exp:5`);
      assert.equal(answer.status, 200);
      const written = await fetch(`http://${status.podIP}:8080/disk?mb=1`);
      assert.equal(written.status, 200, await written.text());
      const metrics = await (await fetch(`http://${status.podIP}:8080/metrics`)).text();
      assert.match(metrics, /^http_requests_total\{route="cpu",code="200"\} 1$/m);
    }
    const [first] = pods;
    const slow = fetch(`http://${first!.status.podIP}:8080/memory?mb=1&seconds=3`);
    await waitFor('a request in service', 30, async () => {
      const page = await (await fetch(`http://${first!.status.podIP}:8080/metrics`)).text();
      assert.match(page, /^http_requests_in_flight 1$/m);
      return true;
    });
    cluster.kubectl('-n', TEAM, 'delete', 'pod', first!.metadata.name, '--wait=false');
    assert.equal((await slow).status, 200);
    // Its pods ask for whole cores: on one node they would leave none to what comes next.
    cluster.kubectl('-n', TEAM, 'delete', 'deployment', 'app', '--wait=false');
    await waitFor('the pods of the application to be gone', 120, async () => {
      const left = await cluster.podsNow(TEAM, 'app=app');
      if (left.length > 0) throw new Error(left.map(({ metadata }) => metadata.name).join(' '));
      return true;
    });
  });

  test('a blocker runs on the node that was named, reports, and is gone at the end', async () => {
    const block = new BlockCommand(
      cluster,
      ...['--cpu', '0.2', '--memory', '350MiB', '--node', 'node2', '--for', '8s'],
    );
    const status = await block.ended;
    assert.equal(block.place?.node, 'node2', block.stderr);
    const told = JSON.parse(block.stdout) as BlockTold;
    assert.equal(told.end, 'time', block.stderr);
    assert.deepEqual(
      told.holdings.map(({ resource, asked }) => [resource, asked]),
      [
        ['cpu', 0.2],
        ['memory', 350 * 2 ** 20],
      ],
    );
    assert.equal(status, told.held ? 0 : 1, block.stderr);
    assert.ok(Math.abs(told.holdings[1]!.deviation!) < 0.05, block.stdout);
    assert.ok(!(await blockers()).includes(block.place!.pod));
  });

  test('a share of a node is one of what it has to give; SIGINT takes the pod away', async () => {
    const block = new BlockCommand(cluster, '--cpu', '5%', '--node', 'node1', '--for', '1h');
    const name = await block.running();
    const pod = cluster.object<{ spec: { containers: readonly { args: readonly string[] }[] } }>(
      '-n',
      TEAM,
      'pod',
      name,
    );
    const cpu = cluster.object<{ status: { allocatable: { cpu: string } } }>('node', 'node1').status
      .allocatable.cpu;
    const cores = cpu.endsWith('m') ? Number(cpu.slice(0, -1)) / 1000 : Number(cpu);
    const { args } = pod.spec.containers[0]!;
    assert.equal(Number(args[args.indexOf('--cpu') + 1]), 0.05 * cores);
    block.child.kill('SIGINT');
    assert.equal(await block.ended, 0, block.stderr);
    assert.deepEqual(JSON.parse(block.stdout), { end: 'asked' });
    assert.ok(!(await blockers()).includes(name));
  });

  test('what the pod cannot hold is told with its own error; what does not start, with the reason', async () => {
    const failed = new BlockCommand(cluster, '--cpu', '0.1', '--memory', '1MiB', '--for', '1h');
    const homeless = new BlockCommand(cluster, '--cpu', '0.1', '--node', 'nowhere', '--start-within', '4s');
    assert.equal(await failed.ended, 1);
    assert.match(failed.stderr, /KISIM_E_BLOCK_POD_FAILED.*KISIM_E_BLOCK_MEMORY_SMALL/);
    assert.equal(await homeless.ended, 1);
    assert.match(homeless.stderr, /KISIM_E_BLOCK_POD_START.*Unschedulable/);
    assert.equal((await blockers()).length, (await cluster.podsNow(TEAM, BLOCK_LABEL)).length);
  });

  test('a command that is killed leaves a pod that ends, and a Job that the cluster deletes (ended)', async () => {
    await waitFor('the Job to be deleted', 150, async () => {
      const left = [jobs(), ...(await blockers())].filter((each) => each !== '');
      if (left.length > 0) throw new Error(left.join(' '));
      return true;
    });
  });
});
