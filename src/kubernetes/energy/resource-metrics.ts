import { parseQuantity } from '../../simulation/inputs/manifests/quantity.ts';
import { tryParseDuration } from '../../util/duration.ts';
import type { Milliseconds } from '../../util/units.ts';

/** The mean use of CPU over a window that ended at a time, as metrics-server gives it. */
export interface UseRate {
  readonly name: string;
  /** '' for nodes. */
  readonly namespace: string;
  readonly unixMilliseconds: Milliseconds;
  readonly windowMilliseconds: Milliseconds;
  /** CPUs kept busy. */
  readonly cpus: number;
  /** Working set; undefined where it is not told. */
  readonly memoryBytes?: number | undefined;
}

export const NODE_METRICS_PATH = '/apis/metrics.k8s.io/v1beta1/nodes';
export const POD_METRICS_PATH = '/apis/metrics.k8s.io/v1beta1/pods';

/** Reads a NodeMetricsList or PodMetricsList; undefined where it is none. Items without a usable amount are left out. */
export function readRates(body: unknown): readonly UseRate[] | undefined {
  const { items } = (body ?? {}) as { readonly items?: unknown };
  return Array.isArray(items) ? items.flatMap((item: RawItem) => readRate(item) ?? []) : undefined;
}

function readRate({
  metadata,
  timestamp = '',
  window = '',
  usage,
  containers,
}: RawItem): UseRate | undefined {
  const { name, namespace = '' } = metadata ?? {};
  const unixMilliseconds = Date.parse(timestamp);
  const windowMilliseconds = tryParseDuration(window);
  const amounts = (containers?.map((each) => each.usage) ?? [usage]).map((each) =>
    parseQuantity(each?.cpu ?? ''),
  );
  if (name === undefined || !(unixMilliseconds > 0) || !((windowMilliseconds ?? 0) > 0)) return undefined;
  let nanoCpus = 0n;
  for (const amount of amounts) {
    if (amount === undefined || amount < 0n) return undefined;
    nanoCpus += amount;
  }
  return {
    name,
    namespace,
    unixMilliseconds,
    windowMilliseconds: windowMilliseconds!,
    cpus: Number(nanoCpus) / 1e9,
    memoryBytes: memoryOf(containers?.map((each) => each.usage) ?? [usage]),
  };
}

function memoryOf(usages: readonly (RawUsage | undefined)[]): number | undefined {
  let nanoBytes = 0n;
  for (const usage of usages) {
    const amount = parseQuantity(usage?.memory ?? '');
    if (amount === undefined || amount < 0n) return undefined;
    nanoBytes += amount;
  }
  return Number(nanoBytes / 1_000_000_000n);
}

interface RawUsage {
  readonly cpu?: string;
  readonly memory?: string;
}

interface RawItem {
  readonly metadata?: { readonly name?: string; readonly namespace?: string };
  readonly timestamp?: string;
  readonly window?: string;
  readonly usage?: RawUsage;
  readonly containers?: readonly { readonly usage?: RawUsage }[];
}
