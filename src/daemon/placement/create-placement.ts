import type { Config } from '../../config/config.ts';
import type { DecisionSink } from '../../controller/ports.ts';
import type { ClusterRecordSink } from '../../history/cluster-record-sink.ts';
import { isClusterConfigured } from '../../kubernetes/kubeconfig.ts';
import type { ModelChanges } from '../../policy/learned/learned-for-cluster.ts';
import type { Clock } from '../../util/clock.ts';
import type { Logger } from '../../util/log.ts';
import type { Service } from '../supervisor.ts';
import { LivePlacement } from './live-placement.ts';
import type { HostEnergy } from './node-energy.ts';
import type { WatchedPlacement } from './placement-view.ts';
import { SimulatedPlacement } from './simulated-placement.ts';

export interface PlacementDependencies {
  readonly sink: DecisionSink;
  /** Keeps pods' lives and nodes' energy; undefined where there is no history. */
  readonly records?: ClusterRecordSink | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What this process meters itself. */
  readonly host?: HostEnergy;
  /** Whose count grows when another model is put to use, and that counts learned decisions. */
  readonly modelChanges?: ModelChanges;
}

/** Keeps nothing: for a daemon without a history. */
export const noSink: DecisionSink = { record: () => undefined, bound: () => undefined };

/**
 * The placement loop that the configuration asks for; undefined where it asks for none. Starts nothing.
 *
 * @throws KISIM_E_POLICY_UNKNOWN, KISIM_E_INPUT_NODE_TABLE, KISIM_E_INPUT_UNREADABLE
 */
export function createPlacement(
  config: Config,
  { sink, records, clock, log, env, host, modelChanges }: PlacementDependencies,
): (WatchedPlacement & Service) | undefined {
  const { cluster } = config.placement;
  if (cluster === 'off') return undefined;
  const { kubeconfig } = config.kubernetes;
  const isLive =
    cluster === 'live' ||
    (cluster === 'auto' &&
      isClusterConfigured({ environment: env, ...(kubeconfig === undefined ? {} : { file: kubeconfig }) }));
  const changes = modelChanges === undefined ? {} : { modelChanges };
  return isLive
    ? new LivePlacement({
        config,
        sink,
        records,
        clock,
        log,
        env,
        ...changes,
        ...(host === undefined ? {} : { host }),
      })
    : new SimulatedPlacement({ config, sink, records, log, ...changes });
}
