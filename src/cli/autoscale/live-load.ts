import { LoadMetrics } from '../../controller/autoscaling/load-metrics.ts';
import { type LoadResult, runLoad } from '../../load/http/run-load.ts';
import { coarseTime } from '../../load/http/system-time.ts';
import { undiciTransport } from '../../load/http/undici-transport.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { readLoadOptions } from '../load/options.ts';
import { textOption } from '../replay/options.ts';

/** Load that is driven from here while a policy scales what serves it. */
export interface LiveLoad {
  readonly metrics: LoadMetrics;
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
  const { plan, patternSeconds } = readLoadOptions({ pattern, seed: options['seed'] }, urls);
  const metrics = new LoadMetrics(windowSeconds);
  return {
    metrics,
    seconds: patternSeconds,
    async run(signal) {
      const connectTimeoutMilliseconds = Math.min(10_000, plan.timeoutMilliseconds);
      const result = await runLoad(plan, {
        transport: undiciTransport({ connectTimeoutMilliseconds, insecure: false }),
        time: coarseTime,
        signal,
        onSecond: (second, _, latency) => metrics.add(second, latency),
      });
      if (result.failure !== undefined) throw result.failure;
      return result;
    },
  };
}
