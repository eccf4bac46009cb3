import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { missingVerbs } from '../../src/kubernetes/access-review.ts';
import { Adviser } from '../../src/kubernetes/adviser.ts';
import type { ApiDeployment, ApiJob, ApiNode } from '../../src/kubernetes/api-objects.ts';
import { Actor, type FreeResult } from '../../src/kubernetes/bind-decision.ts';
import { PodUseReader } from '../../src/kubernetes/energy/pod-use.ts';
import { NODE_METRICS_PATH } from '../../src/kubernetes/energy/resource-metrics.ts';
import { EventRecorder } from '../../src/kubernetes/event-recorder.ts';
import type { GuardedResult, GuardedWrites } from '../../src/kubernetes/guarded-patch.ts';
import type { KubeApi, KubeRequest } from '../../src/kubernetes/kube-api.ts';
import type { ApiWorkload } from '../../src/kubernetes/kueue/api-objects.ts';
import type { CheckResult } from '../../src/kubernetes/kueue/check-state.ts';
import { CheckWriter } from '../../src/kubernetes/kueue/check-writer.ts';
import { LeaderElector } from '../../src/kubernetes/lease.ts';
import { clusterRole, ownRole, type RoleObject } from '../../src/kubernetes/manifests/account.ts';
import { objectPath } from '../../src/kubernetes/manifests/setup-objects.ts';
import {
  ADMISSION_CONTROLLER,
  DEFAULT_NAMESPACE,
  JOB_LABEL,
  JOB_LABEL_VALUE,
  LEASE_NAME,
  PAUSE_CONFIG_MAP,
} from '../../src/kubernetes/names.ts';
import { type Permission, permissions } from '../../src/kubernetes/permissions.ts';
import { DeploymentScaler } from '../../src/kubernetes/scale/deployment-scale.ts';
import { systemClock } from '../../src/util/clock.ts';
import { KisimError } from '../../src/util/errors.ts';
import { silentLogger } from '../../src/util/log.ts';
import { seededRandom } from '../../src/util/rng.ts';
import { systemSleep } from '../../src/util/sleep.ts';
import { Cleanups } from '../system/support/cleanups.ts';
import { waitFor } from '../system/support/wait-for.ts';
import { ActingCluster, TEAM } from './support/acting-cluster.ts';
import { outsideNamespace } from './support/in-namespace.ts';
import { everyFeature, succeed } from './support/install-program.ts';
import { defineKueue } from './support/kueue-definitions.ts';

const random = seededRandom(1);
const OWN = `/api/v1/namespaces/${DEFAULT_NAMESPACE}`;
const LEASES = `/apis/coordination.k8s.io/v1/namespaces/${DEFAULT_NAMESPACE}/leases`;

/** What the program does with a verb. @returns why it was not allowed to, or undefined */
type Deed = (cluster: ActingCluster) => Promise<string | undefined>;

function reads(path: string, watch = false, fieldSelector?: string): Deed {
  const query = fieldSelector === undefined ? {} : { fieldSelector };
  return async ({ api }) => {
    if (!watch) {
      const { status, body } = await api.request({ method: 'GET', path, query: { ...query, limit: 1 } });
      return status === 200 ? undefined : JSON.stringify(body);
    }
    const stop = new AbortController();
    const { status, body } = await api.watch({
      path,
      query: { ...query, allowWatchBookmarks: true },
      signal: stop.signal,
      inactivityMilliseconds: 5000,
    });
    stop.abort();
    return status === 200 ? undefined : JSON.stringify(body);
  };
}

async function asks({ api }: ActingCluster, request: KubeRequest): Promise<string | undefined> {
  const { status, body } = await api.request(request);
  return status < 300 ? undefined : JSON.stringify(body);
}

function writesOf({ api }: ActingCluster): GuardedWrites {
  return { api, sleep: systemSleep, random, stillLeader: () => true };
}

function actorOf(cluster: ActingCluster): Actor {
  return new Actor({ ...writesOf(cluster), decidedBy: () => 'host-1#1' });
}

function reasonOf(result: FreeResult | GuardedResult<unknown>): string | undefined {
  return result.outcome === 'failed' ? result.error.message : undefined;
}

/** Somebody else changes an object. */
async function touch({ admin }: ActingCluster, path: string): Promise<void> {
  numbered += 1;
  const body = { metadata: { labels: { touched: String(numbered) } } };
  const { status } = await admin.request({ method: 'PATCH', path, patchType: 'merge', body });
  assert.equal(status, 200);
}

let numbered = 0;

/** Places a pod, after a conflict where it is asked for. */
function frees(conflict: boolean): Deed {
  return async (cluster) => {
    const pod = await cluster.pod();
    const path = `/api/v1/namespaces/${TEAM}/pods/${pod.metadata!.name}`;
    if (conflict) await touch(cluster, path);
    return reasonOf(await actorOf(cluster).freePod(pod, { node: 'n1', strength: 'preferred' }));
  };
}

/** Starts a suspended Job, after a conflict where it is asked for. */
function starts(conflict: boolean): Deed {
  return async (cluster) => {
    numbered += 1;
    const path = `/apis/batch/v1/namespaces/${TEAM}/jobs`;
    const job = (await cluster.create(path, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: `job-${numbered}`, namespace: TEAM, labels: { [JOB_LABEL]: JOB_LABEL_VALUE } },
      spec: {
        suspend: true,
        template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'a:1' }] } },
      },
    })) as ApiJob;
    if (conflict) await touch(cluster, `${path}/${job.metadata!.name}`);
    return reasonOf(await actorOf(cluster).startJob(job, undefined, 'suspended'));
  };
}

/** Prefers a node in a Deployment, after a conflict where it is asked for. */
function prefers(conflict: boolean): Deed {
  return async (cluster) => {
    numbered += 1;
    const path = '/apis/apps/v1/namespaces/default/deployments';
    const web = (await cluster.create(path, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: `web-${numbered}`, namespace: 'default' },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'main', image: 'a:1' }] },
        },
      },
    })) as ApiDeployment;
    if (conflict) await touch(cluster, `${path}/${web.metadata!.name}`);
    return reasonOf(await new Adviser(writesOf(cluster)).prefer(web, ['n1']));
  };
}

/** Sets the replicas of a Deployment. */
const scales: Deed = async (cluster) => {
  numbered += 1;
  const name = `scaled-${numbered}`;
  const web = (await cluster.create('/apis/apps/v1/namespaces/default/deployments', {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'main', image: 'a:1' }] },
      },
    },
  })) as ApiDeployment;
  const target = { namespace: 'default', name, uid: web.metadata?.uid ?? '' };
  const result = await new DeploymentScaler(writesOf(cluster)).scale(target, 1);
  return result.outcome === 'failed' ? result.error.message : undefined;
};

const CHECK = 'energy';
const KUEUE = '/apis/kueue.x-k8s.io/v1beta2';

/** Says something of the program's check, or in it of a workload. */
function checks(what: 'served' | 'answered'): Deed {
  return async (cluster) => {
    const writer = new CheckWriter({
      api: cluster.api,
      version: 'v1beta2',
      own: () => new Set([CHECK]),
      now: () => new Date(),
    });
    if (what === 'served') return checkReason(await writer.serve({ metadata: { name: CHECK } }));
    numbered += 1;
    const path = `${KUEUE}/namespaces/${TEAM}/workloads`;
    const name = `workload-${numbered}`;
    const workload = (await cluster.create(path, {
      apiVersion: 'kueue.x-k8s.io/v1beta2',
      kind: 'Workload',
      metadata: { name, namespace: TEAM },
      spec: { podSets: [{ name: 'main', count: 1, template: { spec: {} } }] },
    })) as ApiWorkload;
    const status = {
      conditions: [{ type: 'QuotaReserved', status: 'True' }],
      admissionChecks: [{ name: CHECK, state: 'Pending' as const }],
    };
    return checkReason(await writer.answer({ ...workload, status }, { state: 'Ready', message: '' }));
  };
}

function checkReason(result: CheckResult): string | undefined {
  return result.outcome === 'failed' ? result.error.message : undefined;
}

/** Marks a node, after a conflict where it is asked for. */
function marks(conflict: boolean): Deed {
  return async (cluster) => {
    const path = '/api/v1/nodes/n1';
    const node = await cluster.read<ApiNode>(path);
    if (conflict) await touch(cluster, path);
    const marked = (node.spec?.taints ?? []).length > 0;
    return reasonOf(await new Adviser(writesOf(cluster)).avoid(node, !marked));
  };
}

/** Writes events of one pod until one of them is not taken. */
async function records(cluster: ActingCluster, times: number): Promise<string | undefined> {
  numbered += 1;
  const problems: string[] = [];
  const recorder = new EventRecorder({
    api: cluster.api,
    identity: 'host-1',
    clock: systemClock,
    sleep: systemSleep,
    random,
    log: { ...silentLogger, warn: (_, fields) => problems.push(String(fields?.['error'])) },
  });
  const subject = { apiVersion: 'v1', kind: 'Pod', name: `pod-${numbered}`, namespace: TEAM };
  for (let i = 0; i < times; i++)
    recorder.record({ subject, type: 'Normal', reason: 'Placed', message: 'on n1' });
  await recorder.flushed();
  return problems[0];
}

/** Leads until the lease was renewed once. */
async function leads(cluster: ActingCluster): Promise<string | undefined> {
  const problems: string[] = [];
  const stop = new AbortController();
  const elector = new LeaderElector({
    api: cluster.api,
    namespace: DEFAULT_NAMESPACE,
    name: LEASE_NAME,
    identity: `host-${numbered++}`,
    clock: systemClock,
    sleep: systemSleep,
    random,
    log: { ...silentLogger, warn: (_, fields) => problems.push(String(fields?.['error'])) },
    times: { leaseSeconds: 2, renewSeconds: 1, retrySeconds: 0.05 },
    started: () => undefined,
  });
  const run = elector.run(stop.signal);
  await waitFor('the lease or a refusal', 10, () => elector.stillLeader() || problems.length > 0);
  stop.abort();
  await run;
  return problems[0];
}

/**
 * Reads the CPU use of pods until it was refused or something else came of it: no kubelet is there, and no metrics-server,
 * but who is not allowed is told before that is found out.
 */
function readsUse(mode: 'kubelet' | 'metrics'): Deed {
  return async ({ api }) => {
    const causes: unknown[] = [];
    const told = Promise.withResolvers<void>();
    const reader = new PodUseReader({
      api: mode === 'kubelet' ? api : withNodeMetrics(api),
      mode,
      hasMetrics: true,
      nodes: () => ['n1'],
      wantsPods: () => true,
      podPlace: () => undefined,
      sinks: [],
      clock: systemClock,
      sleep: systemSleep,
      random,
      log: {
        ...silentLogger,
        warn: (_, fields) => {
          const error = fields?.['error'];
          causes.push(error instanceof KisimError ? error.cause : error);
          told.resolve();
        },
      },
    });
    reader.start();
    await told.promise;
    await reader.stop();
    const forbidden = causes.find(
      (cause) => cause instanceof KisimError && cause.code === 'KISIM_E_KUBE_FORBIDDEN',
    );
    return forbidden === undefined ? undefined : String(forbidden);
  };
}

/** Without a metrics-server the list of nodes is not found, and that of pods is never asked for. */
function withNodeMetrics(api: KubeApi): KubeApi {
  return {
    name: api.name,
    watch: (request) => api.watch(request),
    request: async (request) => {
      const response = await api.request(request);
      const isFound = response.status !== 404 || request.path !== NODE_METRICS_PATH;
      return isFound ? response : { status: 200, body: { items: [] } };
    },
  };
}

/** `list pods`, with the group where a core resource has the same name. */
function nameOf(verb: string, { apiGroup, resource }: Pick<Permission, 'apiGroup' | 'resource'>): string {
  return `${verb} ${resource}${apiGroup === 'metrics.k8s.io' ? `.${apiGroup}` : ''}`;
}

/** One deed for every verb that is granted. */
const deeds: Readonly<Record<string, Deed>> = {
  'get pods': frees(true),
  'list pods': reads('/api/v1/pods'),
  'watch pods': reads('/api/v1/pods', true),
  'patch pods': frees(false),
  'list nodes': reads('/api/v1/nodes'),
  'watch nodes': reads('/api/v1/nodes', true),
  'get nodes': marks(true),
  'patch nodes': marks(false),
  'list namespaces': reads('/api/v1/namespaces'),
  'watch namespaces': reads('/api/v1/namespaces', true),
  'list services': reads('/api/v1/services'),
  'watch services': reads('/api/v1/services', true),
  'list replicationcontrollers': reads('/api/v1/replicationcontrollers'),
  'watch replicationcontrollers': reads('/api/v1/replicationcontrollers', true),
  'list replicasets': reads('/apis/apps/v1/replicasets'),
  'watch replicasets': reads('/apis/apps/v1/replicasets', true),
  'list statefulsets': reads('/apis/apps/v1/statefulsets'),
  'watch statefulsets': reads('/apis/apps/v1/statefulsets', true),
  'create events': (cluster) => records(cluster, 1),
  'patch events': (cluster) => records(cluster, 2),
  'create leases': async (cluster) => {
    await cluster.admin.request({ method: 'DELETE', path: `${LEASES}/${LEASE_NAME}` });
    return leads(cluster);
  },
  'get leases': leads,
  'update leases': leads,
  'list configmaps': reads(`${OWN}/configmaps`, false, `metadata.name=${PAUSE_CONFIG_MAP}`),
  'watch configmaps': reads(`${OWN}/configmaps`, true, `metadata.name=${PAUSE_CONFIG_MAP}`),
  'get jobs': starts(true),
  'list jobs': reads('/apis/batch/v1/jobs'),
  'watch jobs': reads('/apis/batch/v1/jobs', true),
  'patch jobs': starts(false),
  'get deployments': prefers(true),
  'list deployments': reads('/apis/apps/v1/deployments'),
  'watch deployments': reads('/apis/apps/v1/deployments', true),
  'patch deployments': prefers(false),
  'get deployments/scale': scales,
  'patch deployments/scale': scales,
  'list admissionchecks': reads(`${KUEUE}/admissionchecks`),
  'watch admissionchecks': reads(`${KUEUE}/admissionchecks`, true),
  'patch admissionchecks/status': checks('served'),
  'list workloads': reads(`${KUEUE}/workloads`),
  'watch workloads': reads(`${KUEUE}/workloads`, true),
  'patch workloads/status': checks('answered'),
  'get nodes/proxy': readsUse('kubelet'),
  'list nodes.metrics.k8s.io': readsUse('metrics'),
  'list pods.metrics.k8s.io': readsUse('metrics'),
  'create pods/eviction': async (cluster) => {
    const { metadata } = await cluster.pod();
    const { name } = metadata as { name: string };
    return asks(cluster, {
      method: 'POST',
      path: `/api/v1/namespaces/${TEAM}/pods/${name}/eviction`,
      body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: TEAM } },
    });
  },
};

describe('permissions on the real API server', { skip: outsideNamespace }, () => {
  const cleanups = new Cleanups();
  let cluster: ActingCluster;
  const roles = [clusterRole(everyFeature), ownRole(DEFAULT_NAMESPACE, everyFeature)];

  before(async () => {
    cluster = await ActingCluster.start(cleanups);
    await defineKueue(cluster.admin);
    await cluster.create(`${KUEUE}/admissionchecks`, {
      apiVersion: 'kueue.x-k8s.io/v1beta2',
      kind: 'AdmissionCheck',
      metadata: { name: CHECK },
      spec: { controllerName: ADMISSION_CONTROLLER },
    });
    // The lease is there, as it nearly always is.
    assert.equal(await leads(cluster), undefined);
  });
  after(() => cleanups.run());

  const put = (role: RoleObject) => succeed(cluster.admin, 'PUT', objectPath(role), role);

  /** Until the server's own cache has it. */
  async function missing(expected: readonly string[]): Promise<void> {
    await waitFor(`${expected.join()} to be missing alone`, 30, async () => {
      const now = await missingVerbs(cluster.api, permissions, DEFAULT_NAMESPACE);
      const names = [...new Set(now.map(({ verb, permission }) => nameOf(verb, permission)))];
      return JSON.stringify(names) === JSON.stringify(expected);
    });
  }

  test('every verb that is granted has a deed here, and every deed its verb', () => {
    const granted = permissions.flatMap((each) => each.verbs.map((verb) => nameOf(verb, each)));
    assert.deepEqual(Object.keys(deeds).sort(), [...new Set(granted)].sort());
  });

  test('the program may do all that it does', async () => {
    await missing([]);
    for (const [name, deed] of Object.entries(deeds)) assert.equal(await deed(cluster), undefined, name);
  });

  for (const [name, deed] of Object.entries(deeds)) {
    test(`without "${name}" it may not, and says so`, async () => {
      const [verb, resource] = name.split(' ') as [string, string];
      const isMeant = ({ apiGroups, resources }: RoleObject['rules'][number]) =>
        resources.some((each) => nameOf(verb, { apiGroup: apiGroups[0]!, resource: each }) === name);
      const role = roles.find(({ rules }) =>
        rules.some((rule) => isMeant(rule) && rule.verbs.includes(verb)),
      )!;
      const rules = role.rules
        .map((rule) =>
          isMeant(rule) ? { ...rule, verbs: rule.verbs.filter((each) => each !== verb) } : rule,
        )
        .filter(({ verbs }) => verbs.length > 0);
      await put({ ...role, rules });
      try {
        await missing([name]);
        const refused = await deed(cluster);
        const [plural] = resource.split(/[/.]/);
        assert.match(refused ?? 'it could', new RegExp(`cannot ${verb} resource .*${plural}`));
      } finally {
        await put(role);
        await missing([]);
      }
    });
  }

  test('nothing else is allowed', async () => {
    const others = {
      'read secrets': { method: 'GET', path: '/api/v1/secrets' },
      'read the secrets of its own namespace': { method: 'GET', path: `${OWN}/secrets` },
      'delete a pod': { method: 'DELETE', path: `/api/v1/namespaces/${TEAM}/pods/any` },
      'bind a pod': {
        method: 'POST',
        path: `/api/v1/namespaces/${TEAM}/pods/any/binding`,
        body: { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'any' }, target: { name: 'n1' } },
      },
      'change its own role': {
        method: 'PUT',
        path: objectPath(clusterRole(everyFeature)),
        body: clusterRole([]),
      },
      "touch another program's lease": { method: 'GET', path: `${LEASES}/other` },
      'read another ConfigMap': { method: 'GET', path: `${OWN}/configmaps/kube-root-ca.crt` },
      'change a namespace': {
        method: 'PATCH',
        path: `/api/v1/namespaces/${TEAM}`,
        patchType: 'merge',
        body: {},
      },
    } as const satisfies Readonly<Record<string, KubeRequest>>;
    for (const [what, request] of Object.entries(others)) {
      const { status } = await cluster.api.request(request);
      assert.equal(status, 403, what);
    }
  });

  test('a refusal is told with a code and the verb', async () => {
    const role = roles[0]!;
    await put({ ...role, rules: [] });
    try {
      await missing([
        ...new Set(
          permissions
            .filter(({ scope }) => scope === 'cluster')
            .flatMap((each) => each.verbs.map((verb) => nameOf(verb, each))),
        ),
      ]);
      const pod = await cluster.pod();
      const result = await actorOf(cluster).freePod(pod, undefined);
      assert(result.outcome === 'failed' && result.error instanceof KisimError);
      assert.equal(result.error.code, 'KISIM_E_KUBE_FORBIDDEN');
      assert.match(result.error.message, /cannot patch resource "pods"/);
    } finally {
      await put(role);
    }
  });
});
