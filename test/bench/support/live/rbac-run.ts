// Started in a private network by the benchmark `rbac`: the named tests of the permissions, what the server says is granted, and
// what a daemon asks for while it works.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DEFAULT_NAMESPACE, JOB_LABEL, JOB_LABEL_VALUE } from '../../../../src/kubernetes/names.ts';
import { permissions } from '../../../../src/kubernetes/permissions.ts';
import { type ActingCluster, TEAM } from '../../../cluster/support/acting-cluster.ts';
import { Cleanups } from '../../../system/support/cleanups.ts';
import { waitFor } from '../../../system/support/wait-for.ts';
import { verbText } from './api-verbs.ts';
import { benchCluster, benchPod, daemonArguments } from './bench-cluster.ts';
import type { DaemonReport } from './daemon-child.ts';
import { DaemonUnderTest } from './daemon-under-test.ts';
import { accountWithoutRights, grantedRules, wantedRules } from './granted-rules.ts';
import { tellProgress, tellResult } from './tell.ts';

export interface RbacGiven {
  readonly pods: number;
  readonly seconds: number;
}

export interface RbacResult {
  /** Names of the tests of permissions.test.ts that passed, and of those that did not. */
  readonly passed: readonly string[];
  readonly failed: readonly string[];
  /** By the server's own answer, less what everybody may: what should be granted and is not, and the other way round. */
  readonly missing: readonly string[];
  readonly surplus: readonly string[];
  /** Rules that everybody has: a control, since a review that answers nothing would find no surplus. */
  readonly everybody: number;
  /** Verbs asked for by a working daemon, with how often. */
  readonly asked: Readonly<Record<string, number>>;
  /** Of these: not granted. */
  readonly askedInVain: readonly string[];
  /** Granted, and not needed in this short time. */
  readonly notAsked: readonly string[];
  readonly refused: number;
  readonly placed: number;
}

const given = JSON.parse(process.argv[2]!) as RbacGiven;
const cleanups = new Cleanups();
try {
  const { passed, failed } = await namedTests();
  const cluster = await benchCluster(cleanups, 5);
  tellResult({ passed, failed, ...(await reviewed(cluster)), ...(await audited(cluster)) });
} finally {
  cleanups.run();
}

/** Lines of TAP: `    ok 3 - without "list pods" it may not, and says so # SKIP`. */
async function namedTests(): Promise<Pick<RbacResult, 'passed' | 'failed'>> {
  const file = fileURLToPath(new URL('../../../cluster/permissions.test.ts', import.meta.url));
  const child = spawn(process.execPath, ['--test', '--test-reporter=tap', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const passed: string[] = [];
  const failed: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const [, not, name = ''] = /^\s+(not )?ok \d+ - (.*?)\s*$/.exec(line) ?? [];
    if (name === '' || name.startsWith('permissions on the real')) continue;
    (not === undefined && !/# (?:SKIP|T[O]DO)/.test(name) ? passed : failed).push(name.replace(/ #.*/, ''));
    if (passed.length % 10 === 0) tellProgress(`${passed.length} named tests passed`);
  }
  await ended;
  return { passed, failed };
}

async function reviewed(
  cluster: ActingCluster,
): Promise<Pick<RbacResult, 'missing' | 'surplus' | 'everybody'>> {
  const nobody = await accountWithoutRights(cluster);
  try {
    const missing = new Set<string>();
    const surplus = new Set<string>();
    let everybody = 0;
    for (const namespace of [TEAM, DEFAULT_NAMESPACE]) {
      const everybodys = await grantedRules(nobody, namespace);
      everybody += everybodys.size;
      const has = await grantedRules(cluster.api, namespace);
      const scoped = permissions.filter(
        ({ scope }) => scope === 'cluster' || namespace === DEFAULT_NAMESPACE,
      );
      const wanted = wantedRules(scoped);
      for (const rule of wanted) if (!has.has(rule)) missing.add(`${rule} in ${namespace}`);
      for (const rule of has)
        if (!wanted.has(rule) && !everybodys.has(rule)) surplus.add(`${rule} in ${namespace}`);
    }
    return { missing: [...missing], surplus: [...surplus], everybody };
  } finally {
    nobody.close();
  }
}

async function audited(
  cluster: ActingCluster,
): Promise<Pick<RbacResult, 'asked' | 'askedInVain' | 'notAsked' | 'refused' | 'placed'>> {
  cluster.plane.startScheduler().output.resume();
  await cluster.plane.startControllerManager();
  const features = ['placement.jobs=true', 'placement.deployments=true', 'placement.node-advice=true'];
  const daemon = new DaemonUnderTest(daemonArguments(cluster, features));
  await daemon.synced;
  await cluster.create(`/apis/batch/v1/namespaces/${TEAM}/jobs`, {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'report', namespace: TEAM, labels: { [JOB_LABEL]: JOB_LABEL_VALUE } },
    spec: {
      suspend: true,
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'a:1' }] } },
    },
  });
  for (let i = 0; i < given.pods; i++) await cluster.plane.client.create(benchPod(TEAM, `pod-${i}`));
  let last: DaemonReport | undefined;
  await waitFor('all pods to be placed', 120, async () => {
    daemon.mustRun();
    last = await daemon.report();
    return last.placed >= given.pods;
  });
  // Renewals of the lease, events that are counted, advice.
  await sleep(given.seconds * 1000);
  const report = await daemon.stop();
  const granted = new Set(
    permissions.flatMap(({ verbs, apiGroup, resource }) =>
      verbs.map((verb) => verbText({ verb, group: apiGroup, resource })),
    ),
  );
  const asked = Object.keys(report.verbs).filter((verb) => !verb.endsWith('.authorization.k8s.io'));
  return {
    asked: report.verbs,
    askedInVain: asked.filter((verb) => !granted.has(verb)),
    notAsked: [...granted].filter((verb) => report.verbs[verb] === undefined),
    refused: report.refusedVerbs,
    placed: report.placed,
  };
}
