// Started in a private network by the benchmark `safety`: pods of all kinds, three daemons, and everything that can go wrong.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiPod } from '../../../../src/kubernetes/api-objects.ts';
import { ClientNodeApi } from '../../../../src/kubernetes/client-node-api.ts';
import { isGated } from '../../../../src/kubernetes/gated-pod-patch.ts';
import type { KubeApi } from '../../../../src/kubernetes/kube-api.ts';
import {
  DEFAULT_NAMESPACE,
  LEASE_NAME,
  OPT_IN_LABEL,
  OPT_IN_VALUE,
  SKIP_LABEL,
} from '../../../../src/kubernetes/names.ts';
import { RandomStream } from '../../../../src/util/rng.ts';
import { type ActingCluster, TEAM } from '../../../cluster/support/acting-cluster.ts';
import { type ApiClient, ApiError, type ApiObject } from '../../../cluster/support/api-client.ts';
import { Cleanups } from '../../../system/support/cleanups.ts';
import { waitFor } from '../../../system/support/wait-for.ts';
import { benchCluster, benchPod, daemonArguments, PLAIN } from './bench-cluster.ts';
import type { DaemonReport } from './daemon-child.ts';
import { DaemonUnderTest } from './daemon-under-test.ts';
import { Outages } from './outages.ts';
import { PodAudit } from './pod-audit.ts';
import { PodWatcher } from './pod-watcher.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { tellProgress, tellResult } from './tell.ts';

export interface SafetyGiven {
  readonly pods: number;
  readonly podsPerSecond: number;
  /** Mean seconds between two faults from outside. */
  readonly faultEverySeconds: number;
  readonly seed: number;
}

export interface SafetyResult {
  readonly created: number;
  /** Pods that were the program's to place. */
  readonly ours: number;
  readonly placedByDecision: number;
  readonly freedUnmodified: number;
  /** Without the gate from the beginning: the policy was not there, and nothing was tested. */
  readonly neverGated: number;
  readonly stillGated: number;
  /** Held for longer than the deadline and what a write may take, without the time in which nobody could free them. */
  readonly overdue: number;
  /** Held for longer than the deadline, whatever the reason. */
  readonly heldLonger: number;
  readonly longestHeldSeconds: number;
  readonly longestServedSeconds: number;
  readonly writtenTwice: number;
  readonly twoDeciders: number;
  /** Not the program's to place, and written all the same. */
  readonly touched: number;
  readonly lostForeignGates: number;
  readonly outages: number;
  readonly outageSeconds: readonly number[];
  /** Of the time in which pods were created, the share with a server and a leader, without the grace after each stretch. */
  readonly servedShare: number;
  readonly events: Readonly<Record<string, number>>;
  /** Put into the requests of those daemons that could be asked at the end. */
  readonly faults: Readonly<Record<string, number>>;
  /** Warnings and errors in the logs of the same daemons. */
  readonly told: Readonly<Record<string, number>>;
  readonly fencingTokens: number;
  readonly versionsSeen: number;
}

const DAEMONS = 3;
const API_PORT = 6443;
const DEADLINE_SECONDS = 10;
/** docs/developer/controller.md: what a write may take after the deadline. */
const WRITE_SECONDS = 15;
/** A new leader that has watched all the time sweeps at once, among the writes that wait. */
const NO_LEADER = { grace: 5_000 };
/** When the server was away a watch may wait 10 s for its next try, and then lists. */
const NO_SERVER = { grace: 12_000 };
/** Longer it is not waited for a leader before the next thing goes wrong. */
const SERVED_SECONDS = 60;
/** A holder that has not renewed for so long does not write any more. */
const RENEW_MILLISECONDS = 10_000;
const SETTLE_SECONDS = 120;
/** A second namespace that is opted in; pods of it have a gate of somebody else too. */
const SHARED = 'shared';

interface Member {
  readonly daemon: DaemonUnderTest;
  readonly proxy: TcpProxy;
  identity: string | undefined;
  isFrozen: boolean;
}

class SafetyRun {
  readonly #cluster: ActingCluster;
  /** An API server of its own for those who create and those who judge: it stays, and tells every version. */
  readonly #second: { readonly client: ApiClient; readonly api: KubeApi };
  readonly #given: SafetyGiven;
  readonly #random: RandomStream;
  readonly #audit = new PodAudit();
  readonly #outages = new Outages();
  readonly #events: Record<string, number> = {};
  readonly #faults: Record<string, number> = {};
  readonly #told: Record<string, number> = {};
  readonly #tokens = new Set<string>();
  readonly #members: Member[] = [];
  #holder: string | undefined;
  #servedSince: number | undefined;
  #seeds = 0;
  #created = 0;
  #versions = 0;
  #servedShare = 0;
  #isOver = false;
  #isJudged = false;

  constructor(cluster: ActingCluster, second: { client: ApiClient; api: KubeApi }, given: SafetyGiven) {
    this.#cluster = cluster;
    this.#second = second;
    this.#given = given;
    this.#random = new RandomStream(given.seed);
  }

  async run(): Promise<SafetyResult> {
    const watcher = new PodWatcher(this.#second.api, (pod, type, at) => {
      if (type === 'DELETED' || pod.metadata!.name!.startsWith('warm')) return;
      this.#versions++;
      this.#audit.seen(pod, isOurs(pod), at);
    });
    await watcher.start();
    for (let i = 0; i < DAEMONS; i++) this.#members.push(await this.#member());
    const sampling = this.#sample();
    await Promise.all(this.#members.map(({ daemon }) => daemon.synced));
    const disturbing = this.#disturb();
    const from = performance.now();
    await this.#create();
    const to = performance.now();
    this.#servedShare = 1 - this.#outages.within(from, to) / (to - from);
    this.#isOver = true;
    await disturbing;
    tellProgress('all are created; nothing is disturbed any more');
    await this.#settle();
    this.#isJudged = true;
    await watcher.stop();
    for (const { daemon, proxy } of this.#members) {
      this.#addReport(await daemon.stop());
      proxy.close();
    }
    await sampling;
    return this.#result();
  }

  async #member(): Promise<Member> {
    const proxy = await TcpProxy.to(API_PORT);
    const given = daemonArguments(this.#cluster);
    const number = this.#seeds++;
    const kubeconfig = join(this.#cluster.plane.folder, `daemon-${number}.kubeconfig`);
    const text = readFileSync(given.kubeconfig, 'utf8').replaceAll(`:${API_PORT}`, `:${proxy.port}`);
    writeFileSync(kubeconfig, text, { mode: 0o600 });
    const daemon = new DaemonUnderTest({ ...given, kubeconfig, faultSeed: this.#given.seed * 1000 + number });
    const member: Member = { daemon, proxy, identity: undefined, isFrozen: false };
    daemon.synced.then(
      (identity) => {
        member.identity = identity;
      },
      // Killed before it knew the cluster.
      () => undefined,
    );
    return member;
  }

  /** Four times a second: whether there is a server, and a leader that lives and has renewed. */
  async #sample(): Promise<void> {
    const path = `/apis/coordination.k8s.io/v1/namespaces/${DEFAULT_NAMESPACE}/leases/${LEASE_NAME}`;
    let wasServed = true;
    while (!this.#isJudged) {
      let missing: { readonly grace: number } | undefined = NO_SERVER;
      try {
        const { status, body } = await this.#cluster.admin.request({
          method: 'GET',
          path,
          timeoutMilliseconds: 2_000,
        });
        if (status === 200) {
          const { spec } = body as {
            spec: { holderIdentity?: string; renewTime?: string; leaseTransitions?: number };
          };
          this.#holder = spec.holderIdentity;
          const lives = this.#members.some(
            ({ identity, isFrozen, daemon }) =>
              identity === spec.holderIdentity && !isFrozen && !daemon.hasEnded,
          );
          const age = Date.now() - Date.parse(spec.renewTime ?? '1970-01-01');
          missing = lives && age < RENEW_MILLISECONDS ? undefined : NO_LEADER;
          this.#tokens.add(`${spec.holderIdentity}#${spec.leaseTransitions}`);
        }
      } catch {
        // No answer, which is what is asked here.
        missing = NO_SERVER;
      }
      const now = performance.now();
      this.#outages.sample(now, missing);
      if (missing === undefined) this.#servedSince ??= now;
      if ((missing === undefined) !== wasServed)
        tellProgress(wasServed ? 'no server or no leader' : 'served again');
      wasServed = missing === undefined;
      if (!wasServed) this.#servedSince = undefined;
      await sleep(250);
    }
  }

  async #create(): Promise<void> {
    const { pods, podsPerSecond } = this.#given;
    const pending = new Set<Promise<void>>();
    for (let i = 0; i < pods; i++) {
      const creation = this.#createOne(podOf(i)).finally(() => pending.delete(creation));
      pending.add(creation);
      // While the server is away they would pile up.
      while (pending.size > 64) await Promise.race(pending);
      await sleep(this.#random.exponential(1000 / podsPerSecond));
      if (i % 200 === 199) {
        const events = Object.entries(this.#events).map(([what, count]) => `${count} ${what}`);
        tellProgress(`${i + 1} of ${pods} created, ${this.#gated} at the gate; ${events.join(', ')}`);
      }
    }
    await Promise.all(pending);
  }

  async #createOne(pod: ApiObject): Promise<void> {
    for (;;) {
      try {
        await this.#second.client.create(pod);
        this.#created++;
        return;
      } catch (error) {
        // It was created, and the answer was lost with the server.
        if (error instanceof ApiError && error.status === 409) {
          this.#created++;
          return;
        }
        if (error instanceof ApiError && error.status < 500 && error.status !== 429) throw error;
        await sleep(200);
      }
    }
  }

  /** One thing after the other goes wrong, drawn from the seed. */
  async #disturb(): Promise<void> {
    const kinds = [
      'kill the leader',
      'kill the leader',
      'cut connections',
      'cut connections',
      'freeze the leader',
      'restart the API server',
      'stop the leader',
    ] as const;
    while (!this.#isOver) {
      // Time in which pods are served is what the judgement is about.
      const limit = performance.now() + SERVED_SECONDS * 1000;
      while (this.#servedSince === undefined && performance.now() < limit && !this.#isOver)
        await this.#pause(0.5);
      await this.#pause(this.#random.exponential(this.#given.faultEverySeconds));
      if (this.#isOver) return;
      const kind = this.#random.pick(kinds);
      tellProgress(kind);
      // Without a leader there is none to be killed yet.
      while (!(await this.#do(kind)) && !this.#isOver) await this.#pause(1);
      // Seen to be served again it must be: the sample before is of the time before.
      this.#servedSince = undefined;
      if (!this.#isOver) this.#events[kind] = (this.#events[kind] ?? 0) + 1;
    }
  }

  async #do(kind: string): Promise<boolean> {
    if (kind === 'restart the API server') {
      const { plane } = this.#cluster;
      await plane.stop(plane.apiServer!);
      await sleep(this.#random.uniform(0, 4_000));
      await plane.startApiServer();
      return true;
    }
    if (kind === 'cut connections') return this.#random.pick(this.#members).proxy.cut() > 0;
    const leader = this.#members.find(({ identity }) => identity !== undefined && identity === this.#holder);
    if (leader === undefined) return false;
    if (kind === 'freeze the leader') {
      leader.isFrozen = true;
      leader.daemon.signal('SIGSTOP');
      // Past the end of its term: it wakes up among the writes that it had begun, and somebody else leads.
      await this.#pause(this.#random.uniform(5, 25));
      leader.daemon.signal('SIGCONT');
      leader.isFrozen = false;
      return true;
    }
    if (kind === 'stop the leader') this.#addReport(await leader.daemon.stop());
    else leader.daemon.signal('SIGKILL');
    await leader.daemon.ended;
    leader.proxy.close();
    this.#members[this.#members.indexOf(leader)] = await this.#member();
    return true;
  }

  async #pause(seconds: number): Promise<void> {
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end && !this.#isOver) await sleep(100);
  }

  async #settle(): Promise<void> {
    const end = performance.now() + SETTLE_SECONDS * 1000;
    while ((this.#gated > 0 || this.#audit.pods.size < this.#created) && performance.now() < end)
      await sleep(200);
  }

  get #gated(): number {
    let count = 0;
    for (const { wasGated, freedAt } of this.#audit.pods.values())
      if (wasGated && freedAt === undefined) count++;
    return count;
  }

  #addReport({ faults, told }: DaemonReport): void {
    add(this.#faults, faults);
    add(this.#told, told);
  }

  #result(): SafetyResult {
    const now = performance.now();
    const pods = [...this.#audit.pods.values()];
    const ours = pods.filter((pod) => pod.isOurs);
    const held = ours
      .filter(({ wasGated }) => wasGated)
      .map(({ createdAt, freedAt = now }) => {
        const all = freedAt - createdAt;
        return { all: all / 1000, served: (all - this.#outages.within(createdAt, freedAt)) / 1000 };
      });
    const most = (values: readonly number[]) => values.reduce((a, b) => Math.max(a, b), 0);
    return {
      created: this.#created,
      ours: ours.length,
      placedByDecision: ours.filter(({ isPlaced }) => isPlaced).length,
      freedUnmodified: ours.filter(({ isPlaced, freedAt }) => !isPlaced && freedAt !== undefined).length,
      neverGated: ours.filter(({ wasGated }) => !wasGated).length,
      stillGated: this.#gated,
      overdue: held.filter(({ served }) => served > DEADLINE_SECONDS + WRITE_SECONDS).length,
      heldLonger: held.filter(({ all }) => all > DEADLINE_SECONDS).length,
      longestHeldSeconds: most(held.map(({ all }) => all)),
      longestServedSeconds: most(held.map(({ served }) => served)),
      writtenTwice: ours.filter(({ writes }) => writes > 1).length,
      twoDeciders: ours.filter(({ deciders }) => deciders.size > 1).length,
      touched: pods.filter(({ isOurs, isTouched, writes }) => !isOurs && (isTouched || writes > 0)).length,
      lostForeignGates: pods.filter(({ lostForeignGate }) => lostForeignGate).length,
      outages: this.#outages.count,
      outageSeconds: this.#outages.lengths.map((length) => Math.round(length / 1000)),
      servedShare: this.#servedShare,
      events: this.#events,
      faults: this.#faults,
      told: this.#told,
      fencingTokens: this.#tokens.size,
      versionsSeen: this.#versions,
    };
  }
}

/** Until the policy has reached the second server's cache too. */
async function gatesToo(cluster: ActingCluster, client: ApiClient): Promise<void> {
  let number = 0;
  await waitFor('the second server to gate', 30, async () => {
    const made = (await client.create(benchPod(TEAM, `warm-${number++}`))) as ApiPod;
    await cluster.plane.client.deleteEach('Pod', [`${TEAM}/${made.metadata!.name}`]);
    return isGated(made);
  });
}

function add(sums: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [what, count] of Object.entries(more)) sums[what] = (sums[what] ?? 0) + count;
}

/** The pod of a number: of a hundred 82 are the program's to place, and the others differ in why they are not. */
function podOf(i: number): ApiObject {
  const name = `pod-${i}`;
  const of = i % 100;
  if (of < 78) return benchPod(TEAM, name);
  const spec = benchPod(TEAM, name)['spec'] as object;
  if (of < 82)
    return benchPod(SHARED, name, { spec: { ...spec, schedulingGates: [{ name: 'example.com/quota' }] } });
  if (of < 90) return benchPod(PLAIN, name);
  if (of < 94)
    return benchPod(TEAM, name, { metadata: { name, namespace: TEAM, labels: { [SKIP_LABEL]: 'yes' } } });
  if (of < 97) {
    const owner = {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      name: 'agent',
      uid: '00000000-0000-0000-0000-000000000001',
    };
    return benchPod(TEAM, name, { metadata: { name, namespace: TEAM, ownerReferences: [owner] } });
  }
  if (of < 98) return benchPod(TEAM, name, { spec: { ...spec, nodeName: 'n1' } });
  return benchPod('kube-system', name);
}

function isOurs({ metadata }: ApiPod): boolean {
  const of = Number(metadata!.name!.slice('pod-'.length)) % 100;
  return of < 82;
}

const given = JSON.parse(process.argv[2]!) as SafetyGiven;
const cleanups = new Cleanups();
try {
  const cluster = await benchCluster(cleanups, 200);
  await cluster.namespace(SHARED, { [OPT_IN_LABEL]: OPT_IN_VALUE });
  cluster.plane.startScheduler().output.resume();
  const { client, kubeconfig } = await cluster.plane.startSecondApiServer();
  const api = await ClientNodeApi.fromKubeconfig({ file: kubeconfig });
  cleanups.add('client', () => api.close());
  await gatesToo(cluster, client);
  tellResult(await new SafetyRun(cluster, { client, api }, given).run());
} finally {
  cleanups.run();
}
