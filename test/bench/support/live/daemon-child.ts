// A daemon's placement in a process of its own, for benchmarks: started by `DaemonUnderTest`, ends with its parent.
import { loadConfig } from '../../../../src/config/load.ts';
import { LivePlacement } from '../../../../src/daemon/placement/live-placement.ts';
import { ClientNodeApi } from '../../../../src/kubernetes/client-node-api.ts';
import type { KubeApi } from '../../../../src/kubernetes/kube-api.ts';
import { systemClock } from '../../../../src/util/clock.ts';
import { KisimError } from '../../../../src/util/errors.ts';
import type { LogFields, Logger } from '../../../../src/util/log.ts';
import { RandomStream } from '../../../../src/util/rng.ts';
import { FaultyApi } from './faulty-api.ts';
import { ObservedApi } from './observed-api.ts';

/** What the process is told by its arguments. */
export interface DaemonArguments {
  readonly kubeconfig: string;
  readonly set: readonly string[];
  /** Faults are drawn from it; left out: there are none. */
  readonly faultSeed?: number;
}

/** What it tells when it is asked. */
export interface DaemonReport {
  readonly kind: 'report';
  readonly decisions: readonly number[];
  /** Of all that were placed: from the watch to the answer to the patch. */
  readonly heldMilliseconds: readonly number[];
  readonly verbs: Readonly<Record<string, number>>;
  /** Answers of 403. */
  readonly refusedVerbs: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly placed: number;
  readonly freed: Readonly<Record<string, number>>;
  readonly conflicts: number;
  readonly failures: number;
  readonly throttles: number;
  readonly refusals: number;
  readonly overdue: number;
  readonly stuck: number;
  readonly cpuSeconds: number;
  /** Warnings and errors of the log by event, or by code where they have one. */
  readonly told: Readonly<Record<string, number>>;
}

export type DaemonMessage = DaemonReport | { readonly kind: 'synced'; readonly identity: string };

const { kubeconfig, set, faultSeed } = JSON.parse(process.argv[2]!) as DaemonArguments;
const tell = (message: DaemonMessage): void => void process.send?.(message);
const observed: ObservedApi[] = [];
const faulty: FaultyApi[] = [];
const heldMilliseconds: number[] = [];

async function connected(maxConnections?: number): Promise<{ api: KubeApi; close: () => void }> {
  const real = await ClientNodeApi.fromKubeconfig({
    file: kubeconfig,
    ...(maxConnections === undefined ? {} : { maxConnections }),
  });
  let api: KubeApi = real;
  if (faultSeed !== undefined) {
    const faults = new FaultyApi(real, new RandomStream(faultSeed).fork(String(faulty.length)));
    faulty.push(faults);
    api = faults;
  }
  const noting = new ObservedApi(api);
  observed.push(noting);
  return { api: noting, close: () => real.close() };
}

const told: Record<string, number> = {};
const count = (event: string, fields?: LogFields): void => {
  const error = fields?.['error'];
  const what = error instanceof KisimError ? `${event} ${error.code}` : event;
  told[what] = (told[what] ?? 0) + 1;
};
const log: Logger = { debug: () => undefined, info: () => undefined, warn: count, error: count };

const placement = new LivePlacement({
  config: loadConfig({ env: {}, flags: { set: [`kubernetes.kubeconfig=${kubeconfig}`, ...set] } }).config,
  log,
  clock: systemClock,
  env: {},
  sink: {
    record: ({ outcome, heldMilliseconds: held }) => {
      if (outcome === 'placed') heldMilliseconds.push(held);
    },
    bound: () => undefined,
  },
  connect: async () => {
    const [all, election] = [await connected(), await connected(2)];
    return {
      api: all.api,
      electionApi: election.api,
      close: () => {
        all.close();
        election.close();
      },
    };
  },
});

function report(): DaemonReport {
  const { counts } = placement.status;
  const verbs: Record<string, number> = {};
  for (const api of observed) for (const [verb, count] of api.verbs) verbs[verb] = (verbs[verb] ?? 0) + count;
  const faults: Record<string, number> = {};
  for (const api of faulty)
    for (const [fault, count] of Object.entries(api.counts)) faults[fault] = (faults[fault] ?? 0) + count;
  const { user, system } = process.cpuUsage();
  return {
    kind: 'report',
    decisions: observed.flatMap((api) => api.decisions),
    heldMilliseconds,
    verbs,
    refusedVerbs: observed.reduce((sum, { refused }) => sum + refused, 0),
    faults,
    placed: counts?.placed ?? 0,
    freed: counts?.freed ?? {},
    conflicts: counts?.conflicts ?? 0,
    failures: counts?.failures ?? 0,
    throttles: counts?.throttles ?? 0,
    refusals: counts?.refusals ?? 0,
    overdue: counts?.overdue ?? 0,
    stuck: counts?.stuck ?? 0,
    cpuSeconds: (user + system) / 1e6,
    told,
  };
}

process.on('message', (message) => {
  if (message === 'report') tell(report());
});
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => {
  void placement.stop().then(() => {
    tell(report());
    process.exit(0);
  });
});
placement.start();
if (await placement.synced) tell({ kind: 'synced', identity: placement.parts!.identity });
