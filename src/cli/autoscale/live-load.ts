import type { BackendName } from '../../autoscaling/policy.ts';
import { LoadMetrics } from '../../controller/autoscaling/load-metrics.ts';
import { LoadRouter } from '../../controller/autoscaling/load-router.ts';
import { type LoadResult, runLoad } from '../../load/http/run-load.ts';
import { coarseTime } from '../../load/http/system-time.ts';
import { TargetShares } from '../../load/http/target-shares.ts';
import { undiciTransport } from '../../load/http/undici-transport.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { readLoadOptions } from '../load/options.ts';
import { textOption } from '../replay/options.ts';

/** Load that is driven from here while a policy scales what serves it. */
export interface LiveLoad {
  readonly metrics: LoadMetrics;
  /** Undefined where it is not said which address is which backend's. */
  readonly router: LoadRouter | undefined;
  /** Seconds of its pattern. */
  readonly seconds: number;
  /** Sends it to its end, or to that of the signal. @throws KISIM_E_LOAD_... where a target is not there */
  run(signal: AbortSignal): Promise<LoadResult>;
}

/** Undefined where no load is asked for. @throws KISIM_E_USAGE, KISIM_E_LOAD_... */
export function liveLoad(options: CommandContext['options'], windowSeconds: number): LiveLoad | undefined {
  const pattern = textOption(options, 'load');
  const urls = Array.isArray(options['url']) ? options['url'].map(String) : [];
  if (pattern === undefined) {
    if (urls.length > 0) throw cliErrors.KISIM_E_USAGE('--url without --load');
    return undefined;
  }
  if (urls.length === 0) throw cliErrors.KISIM_E_USAGE('--load without --url');
  const named = urls.map((url) => /^(gpu|cpu)=(.*)$/.exec(url));
  const backends = named.flatMap((each) => (each === null ? [] : [each[1] as BackendName]));
  if (backends.length > 0 && backends.length < urls.length)
    throw cliErrors.KISIM_E_USAGE(`--url ${urls[named.indexOf(null)]} beside --url ${backends[0]}=...`, {
      expected: 'all addresses with the backend that they are of, or none',
    });
  const plain = urls.map((url, i) => named[i]?.[2] ?? url);
  const { plan, patternSeconds } = readLoadOptions({ pattern, seed: options['seed'] }, plain);
  const shares = new TargetShares(plan.targets.map(({ weight }) => weight));
  const metrics = new LoadMetrics(windowSeconds);
  return {
    metrics,
    router: backends.length === 0 ? undefined : new LoadRouter(shares, backends),
    seconds: patternSeconds,
    async run(signal) {
      const connectTimeoutMilliseconds = Math.min(10_000, plan.timeoutMilliseconds);
      const result = await runLoad(
        { ...plan, shares },
        {
          transport: undiciTransport({ connectTimeoutMilliseconds, insecure: false }),
          time: coarseTime,
          signal,
          onSecond: (second, _, latency) => metrics.add(second, latency),
        },
      );
      if (result.failure !== undefined) throw result.failure;
      return result;
    },
  };
}
