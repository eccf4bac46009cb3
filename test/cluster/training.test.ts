import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import type { SeedsCard } from '../../src/cli/train/finish-seeds.ts';
import { readOptionalFile } from '../../src/inventory/optional-file.ts';
import { TRAINING_LABEL } from '../../src/kubernetes/training/job-manifest.ts';
import type { ModelCard } from '../../src/learning/model-card.ts';
import { Cleanups } from '../system/support/cleanups.ts';
import { mainFile } from '../system/support/meter.ts';
import { InVain, waitFor } from '../system/support/wait-for.ts';
import { noRealNodes } from './support/in-namespace.ts';
import { PROGRAM_IMAGE, writeProgramImage } from './support/kubelet/program-image.ts';
import { RealCluster } from './support/kubelet/real-cluster.ts';
import { clusterFolder } from './support/leftovers.ts';

const TEAM = 'team';
/** Where no pod may be made. */
const FULL = 'full';
const STEPS = '4';
/** Much less than a training of the test needs, and more than it takes. */
const asked = ['--scenario', 'G', '--steps', STEPS];

interface WorkerPod {
  readonly metadata: {
    readonly name: string;
    readonly annotations: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly status: { readonly phase: string };
}

/** Pids of the workers of an index. */
function workersOf(index: number): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0)
    .filter((pid) => readOptionalFile(`/proc/${pid}/cmdline`)?.includes('\0--as-worker\0'))
    .filter((pid) =>
      readOptionalFile(`/proc/${pid}/environ`)?.split('\0').includes(`JOB_COMPLETION_INDEX=${index}`),
    );
}

describe('kisimd train --on kubernetes, on real kubelets', { skip: noRealNodes }, () => {
  const cleanups = new Cleanups();
  let cluster: RealCluster;
  let folder: string;
  let kubeconfig: string;

  before(async () => {
    cluster = await RealCluster.start(cleanups, (images) => [writeProgramImage(images)]);
    folder = clusterFolder('training', cleanups);
    for (const name of [TEAM, FULL]) cluster.kubectl('create', 'namespace', name);
    // What the strictest of the standard profiles lets in.
    cluster.kubectl('label', 'namespace', TEAM, 'pod-security.kubernetes.io/enforce=restricted');
    cluster.kubectl('--namespace', FULL, 'create', 'quota', 'none', '--hard=pods=0');
    // Somebody who may work in these namespaces, and nothing else.
    cluster.kubectl('--namespace', TEAM, 'create', 'serviceaccount', 'trainer');
    for (const name of [TEAM, FULL])
      cluster.kubectl(
        '--namespace',
        name,
        'create',
        'rolebinding',
        'trainer',
        '--clusterrole=edit',
        `--serviceaccount=${TEAM}:trainer`,
      );
    const token = cluster.kubectl('--namespace', TEAM, 'create', 'token', 'trainer').trim();
    const admin = JSON.parse(readFileSync(cluster.plane.kubeconfig, 'utf8'));
    kubeconfig = join(folder, 'kubeconfig');
    const [user] = admin.users;
    writeFileSync(kubeconfig, JSON.stringify({ ...admin, users: [{ ...user, user: { token } }] }), {
      mode: 0o600,
    });
  });
  // Whatever became of one test, the next begins without its Jobs.
  afterEach(() => {
    for (const name of [TEAM, FULL])
      cluster.kubectl('--namespace', name, 'delete', 'jobs', '--all', '--wait=false');
  });
  after(() => cleanups.run());

  function train(...words: readonly string[]) {
    const child: ChildProcess = spawn(
      process.execPath,
      [mainFile, 'train', ...words, '--kubeconfig', kubeconfig],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    cleanups.add('kisimd train', () => child.kill('SIGKILL'));
    const said = { out: '', err: '' };
    child.stdout!.on('data', (text) => {
      said.out += text;
    });
    child.stderr!.on('data', (text) => {
      said.err += text;
    });
    const ended = once(child, 'close').then(([status]) => status as number | null);
    return { child, said, ended };
  }

  /** The folder of the same training on this host. */
  async function trainedHere(seed: number): Promise<string> {
    const here = join(folder, `here-${seed}`);
    if (existsSync(join(here, 'card.json'))) return here;
    const local = train(...asked, '--seed', String(seed), '--workers', '1', '--out', here);
    assert.equal(await local.ended, 0, local.said.err);
    return here;
  }

  /** The pod of an index that is not on its way out, once its worker has told of a step before the last. */
  async function inTheMiddle(index: number, { said }: ReturnType<typeof train>): Promise<string> {
    return await waitFor(`index ${index} in the middle of its training`, 300, () => {
      // The test takes one worker of a seed away; what ends another one would end all.
      if (said.err.includes('in place of 2')) throw new InVain(said.err);
      const { items } = cluster.object<{ items: readonly WorkerPod[] }>('--namespace', TEAM, 'pods');
      const pod = items.find(
        ({ metadata, status }) =>
          metadata.annotations['batch.kubernetes.io/job-completion-index'] === String(index) &&
          metadata.deletionTimestamp === undefined &&
          status.phase === 'Running',
      );
      if (pod === undefined) return undefined;
      const { name } = pod.metadata;
      return (
        cluster.kubectl('--namespace', TEAM, 'logs', name).includes('kisimd-progress {"step":1,') && name
      );
    });
  }

  test('with a worker killed, another deleted and the client gone, each seed ends as it does here', async () => {
    const out = join(folder, 'there');
    const words = [
      ...asked,
      '--on',
      'kubernetes',
      '--image',
      PROGRAM_IMAGE,
      '--namespace',
      TEAM,
      '--pod-memory',
      '128Mi',
    ];
    const first = train(...words, '--seeds', '1..2', '--out', out);
    const deleted = await inTheMiddle(0, first);
    cluster.kubectl('--namespace', TEAM, 'delete', 'pod', deleted, '--wait=false');
    await inTheMiddle(1, first);
    const killed = workersOf(1);
    assert.equal(killed.length, 1);
    process.kill(killed[0]!, 'SIGKILL');
    await waitFor('both losses to be told', 300, () =>
      [1, 2].every(
        (seed) =>
          first.said.err.includes(`seed ${seed}: runs on node`) &&
          new RegExp(`seed ${seed}: .*in place of 1`).test(first.said.err),
      ),
    );
    first.child.kill('SIGINT');
    assert.equal(await first.ended, 130, first.said.err);
    assert.equal(existsSync(join(out, 'card.json')), false);

    const second = train('--resume', out);
    assert.equal(await second.ended, 0, second.said.err);
    const card = JSON.parse(readFileSync(join(out, 'card.json'), 'utf8')) as SeedsCard;
    assert.deepEqual(
      card.seeds.map(({ seed }) => seed),
      [1, 2],
    );
    for (const { seed, sha256 } of card.seeds) {
      const here = await trainedHere(seed);
      const made = JSON.parse(readFileSync(join(here, 'card.json'), 'utf8')) as ModelCard;
      assert.equal(sha256, made.model.sha256, `seed ${seed}`);
      assert.deepEqual(
        readFileSync(join(out, 'seeds', String(seed), 'model.onnx')),
        readFileSync(join(here, 'model.onnx')),
      );
      const report = card.seeds.find((each) => each.seed === seed)?.report;
      assert.deepEqual(report, made.report);
    }
    await waitFor('nothing to be left', 60, () => {
      const left = cluster.kubectl(
        '--namespace',
        TEAM,
        'get',
        'jobs,pods,configmaps',
        `--selector=${TRAINING_LABEL}`,
        '--output=name',
      );
      return left === '';
    });
  });

  test('what the cluster cannot run is told by name, and leaves no Job', async () => {
    const on = (namespace: string, image: string, name: string) =>
      train(
        ...asked,
        '--on',
        'kubernetes',
        '--image',
        image,
        '--namespace',
        namespace,
        '--out',
        join(folder, name),
      );
    const missing = on(TEAM, 'registry.invalid/kisimd:1', 'missing');
    const foreign = on(TEAM, 'kisimd.test/busybox:1', 'foreign');
    const full = on(FULL, PROGRAM_IMAGE, 'full');
    const elsewhere = on('default', PROGRAM_IMAGE, 'elsewhere');
    assert.equal(await elsewhere.ended, 1);
    assert.match(elsewhere.said.err, /KISIM_E_TRAINING_FORBIDDEN.*create jobs\.batch.*in default/);
    for (const [run, error] of [
      [missing, /KISIM_E_TRAINING_IMAGE.*(?:ErrImagePull|ImagePullBackOff).*registry\.invalid/],
      [foreign, /KISIM_E_TRAINING_IMAGE.*StartError/],
      [full, /KISIM_E_TRAINING_REFUSED.*exceeded quota: none/],
    ] as const) {
      assert.equal(await run.ended, 1, run.said.err);
      assert.match(run.said.err, error);
    }
    for (const namespace of [TEAM, FULL])
      await waitFor(
        `no Job in ${namespace}`,
        30,
        () => cluster.kubectl('--namespace', namespace, 'get', 'jobs', '--output=name') === '',
      );
  });

  test('a node that is gone with its worker is no hindrance: the seed is trained on the other one', async () => {
    const out = join(folder, 'moved');
    const words = [
      '--on',
      'kubernetes',
      '--image',
      PROGRAM_IMAGE,
      '--namespace',
      TEAM,
      '--pod-memory',
      '128Mi',
    ];
    const run = train(...asked, ...words, '--seed', '1', '--out', out);
    const name = await inTheMiddle(0, run);
    const { spec } = cluster.object<{ spec: { nodeName: string } }>('--namespace', TEAM, 'pod', name);
    cluster.nodes.find((node) => node.name === spec.nodeName)!.stop();
    assert.equal(await run.ended, 0, run.said.err);
    assert.match(run.said.err, /seed 1: runs on node\d, in place of 1 that did not end well/);
    const here = readFileSync(join(await trainedHere(1), 'model.onnx'));
    assert.deepEqual(readFileSync(join(out, 'model.onnx')), here);
  });
});
