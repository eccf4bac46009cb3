import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ApiPod } from '../../src/kubernetes/api-objects.ts';
import { ExtenderServer, type ExtenderServerOptions } from '../../src/kubernetes/extender-server.ts';
import { silentLogger } from '../../src/util/log.ts';
import { Cleanups } from '../system/support/cleanups.ts';
import { waitFor } from '../system/support/wait-for.ts';
import { ActingCluster } from './support/acting-cluster.ts';
import type { Component } from './support/control-plane.ts';
import { outsideNamespace } from './support/in-namespace.ts';

/** Above all that the other plugins can add up to. */
const WEIGHT = 13;

describe('the extender of the real scheduler', { skip: outsideNamespace }, () => {
  const cleanups = new Cleanups();
  let cluster: ActingCluster;
  let scheduler: Component | undefined;
  let server: ExtenderServer | undefined;
  const asked: (readonly [string, readonly string[]])[] = [];

  before(async () => {
    cluster = await ActingCluster.start(cleanups);
  });
  afterEach(async () => {
    if (scheduler !== undefined) await cluster.plane.stop(scheduler);
    await server?.stop();
    scheduler = undefined;
    server = undefined;
    asked.length = 0;
  });
  after(() => cleanups.run());

  async function start(
    configuration: object,
    more: Partial<ExtenderServerOptions> = {},
    serving = true,
  ): Promise<void> {
    server = new ExtenderServer({
      host: '127.0.0.1',
      port: 0,
      log: silentLogger,
      score: (pod, nodeNames) => {
        asked.push([pod.metadata!.name!, [...nodeNames].sort()]);
        return new Map([[pod.metadata?.labels?.['wants'] ?? 'n1', 10]]);
      },
      ...more,
    });
    const { port } = await server.start();
    if (!serving) await server.stop();
    const started = cluster.plane.startScheduler({
      extenders: [
        {
          urlPrefix: `http://127.0.0.1:${port}/kisimd`,
          filterVerb: 'filter',
          prioritizeVerb: 'prioritize',
          weight: WEIGHT,
          httpTimeout: '2s',
          ...configuration,
        },
      ],
    });
    started.output.resume();
    scheduler = started;
  }

  const pod = (wants: string): Promise<ApiPod> => cluster.pod({}, { labels: { wants } }, 'default');

  for (const nodeCacheCapable of [true, false]) {
    test(`decides with ${nodeCacheCapable ? 'names' : 'whole nodes'}`, async () => {
      await start({ nodeCacheCapable });
      for (const node of ['n3', 'n1', 'n2']) assert.equal(await cluster.boundNode(await pod(node)), node);
      assert.deepEqual(
        asked.map(([, names]) => names),
        [1, 2, 3].map(() => ['n1', 'n2', 'n3']),
      );
    });

    test(`refuses nodes with ${nodeCacheCapable ? 'names' : 'whole nodes'}`, async () => {
      const refuse = () =>
        new Map([
          ['n1', 'asleep'],
          ['n2', 'asleep'],
        ]);
      await start({ nodeCacheCapable }, { refuse });
      assert.equal(await cluster.boundNode(await pod('n1')), 'n3');
    });
  }

  test('that fails is passed over where it may be', async () => {
    const fail = () => {
      throw new TypeError('a bug');
    };
    await start({ nodeCacheCapable: true, ignorable: true }, { score: fail, refuse: fail });
    await cluster.boundNode(await pod('n1'));
  });

  test('that is away is passed over where it may be', async () => {
    await start({ nodeCacheCapable: true, ignorable: true }, {}, false);
    await cluster.boundNode(await pod('n1'));
  });

  test('whose error counts has it in the condition of the pod', async () => {
    const fail = () => {
      throw new TypeError('a bug');
    };
    await start({ nodeCacheCapable: true }, { refuse: fail });
    const { metadata } = await pod('n1');
    const message = await waitFor('the condition', 30, async () => {
      const { status } = await cluster.read<{
        status: { conditions?: readonly { type: string; message?: string }[] };
      }>(`/api/v1/namespaces/default/pods/${metadata!.name}`);
      return status.conditions?.find(({ type }) => type === 'PodScheduled')?.message;
    });
    assert.match(message, /KISIM_E_EXTENDER_SCORE: .*a bug/);
  });

  describe('as the command of the program', () => {
    const ADVISED = 'team';
    let command: ChildProcess | undefined;

    before(async () => {
      // Pods that wait at the gate are not the scheduler's to ask for.
      for (const kind of ['mutatingadmissionpolicybindings', 'mutatingadmissionpolicies'])
        await cluster.admin.request({
          method: 'DELETE',
          path: `/apis/admissionregistration.k8s.io/v1/${kind}/kisimd-gate`,
        });
      await waitFor('pods to come without a gate', 30, async () => {
        return (await cluster.pod()).spec?.schedulingGates === undefined;
      });
    });
    afterEach(async () => {
      if (command === undefined) return;
      const ended = once(command, 'close');
      command.kill('SIGTERM');
      assert.deepEqual(await ended, [0, null]);
      command = undefined;
    });

    async function serve(...words: readonly string[]): Promise<void> {
      const [node, main] = [process.execPath, fileURLToPath(new URL('../../src/main.ts', import.meta.url))];
      // What a user puts into the scheduler's configuration, word for word.
      const { stdout } = await promisify(execFile)(node, [
        main,
        'extender',
        ...words,
        '--print-config',
        '--json',
      ]);
      const { extenders } = JSON.parse(stdout) as { extenders: readonly object[] };
      // By the rights of the program's own account.
      const kubeconfig = ['--kubeconfig', join(cluster.plane.folder, 'kisimd.kubeconfig')];
      command = spawn(node, [main, 'extender', ...kubeconfig, ...words], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      cleanups.add('extender', () => command?.kill('SIGKILL'));
      command.stdout!.resume();
      let log = '';
      command.stderr!.on('data', (part: Buffer) => {
        log += part.toString();
      });
      await waitFor('the extender to know the cluster', 60, () => log.includes('cluster-known'));
      const started = cluster.plane.startScheduler({ extenders });
      started.output.resume();
      scheduler = started;
    }

    /** Where pods run that are made one after the other. */
    async function nodesOf(namespace: string, count: number): Promise<readonly string[]> {
      const nodes: string[] = [];
      for (let i = 0; i < count; i++) {
        const resources = { requests: { cpu: '100m', memory: '64Mi' } };
        const containers = [{ name: 'main', image: 'registry.example/base:1', resources }];
        nodes.push(await cluster.boundNode(await cluster.pod({ containers }, {}, namespace)));
      }
      return nodes;
    }

    for (const strength of ['preferred', 'required'])
      test(`packs opted-in pods as its policy does (${strength})`, async () => {
        await serve('--policy', 'best-fit', '--strength', strength, '--time-limit', '2s');
        assert.equal(new Set(await nodesOf(ADVISED, 5)).size, 1);
      });

    test('leaves other pods to the scheduler, which spreads them, unless it is to advise on all', async () => {
      await serve('--policy', 'best-fit', '--time-limit', '2s');
      assert(new Set(await nodesOf('default', 4)).size > 1);
    });

    test('advises on all where it is told to', async () => {
      await serve('--policy', 'best-fit', '--time-limit', '2s', '--all-namespaces');
      assert.equal(new Set(await nodesOf('default', 5)).size, 1);
    });
  });
});
