import { randomInt, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import type { ClusterConnection } from '../daemon/placement/live-session.ts';
import { historyErrors } from '../history/errors.ts';
import { History } from '../history/history.ts';
import type { ClientNodeApi } from '../kubernetes/client-node-api.ts';
import { parseDuration } from '../util/duration.ts';
import { keepHeapSmall } from '../util/heap-growth.ts';
import { createLogger, type Logger } from '../util/log.ts';
import { type RandomSource, seededRandom } from '../util/rng.ts';
import type { Milliseconds } from '../util/units.ts';
import type { CommandContext } from './command.ts';
import { clusterSettings, connectCluster } from './connect-cluster.ts';
import { cliErrors } from './errors.ts';
import { textOption } from './replay/options.ts';

/** What a command works with that decides on a live cluster by itself. */
export interface LiveLoop {
  readonly config: Config;
  readonly history: History;
  readonly connection: ClusterConnection & { readonly api: ClientNodeApi };
  /** The program's own namespace. */
  readonly ownNamespace: string;
  readonly identity: string;
  readonly mode: 'act' | 'dry-run';
  readonly random: RandomSource;
  readonly log: Logger;
  /** Aborted by the user, and after the time that was asked for. */
  readonly signal: AbortSignal;
}

/**
 * Opens the history and connects to the cluster, does the work and closes both.
 *
 * @throws KISIM_E_HISTORY_... (where decisions could not be written too), KISIM_E_KUBE_..., what the work throws
 */
export async function withLiveLoop(
  context: CommandContext,
  work: (loop: LiveLoop) => Promise<void>,
): Promise<void> {
  const { options, env, stderr, signal } = context;
  const { config } = loadConfig({ env, flags: options });
  const milliseconds = durationOption(options, 'for');
  const log = createLogger(config.log.level, { write: (line) => stderr.write(line) });
  const settings = clusterSettings(context, config);
  // Better now than after the first decision.
  const history = new History({ config: config.history, log });
  history.open();
  let isKept = false;
  try {
    const api = await connectCluster(settings, env);
    const electionApi = await connectCluster(settings, env);
    const close = () => {
      api.close();
      electionApi.close();
    };
    try {
      keepHeapSmall();
      const time = milliseconds === undefined ? undefined : AbortSignal.timeout(milliseconds);
      await work({
        config,
        history,
        connection: { api, electionApi, close },
        ownNamespace: settings.namespace,
        identity: `${hostname()}_${randomUUID()}`,
        mode: options['dryRun'] === true ? 'dry-run' : 'act',
        random: seededRandom(randomInt(2 ** 32)),
        log,
        signal: time === undefined ? signal : AbortSignal.any([signal, time]),
      });
    } finally {
      close();
    }
  } finally {
    isKept = history.close();
  }
  if (!isKept)
    throw historyErrors.KISIM_E_HISTORY_WRITE(`${config.history.path}: not all decisions are in it`);
}

/** @throws KISIM_E_DURATION, KISIM_E_USAGE for one of 0 */
export function durationOption(
  options: CommandContext['options'],
  name: string,
  otherwise?: string,
): Milliseconds | undefined {
  const text = textOption(options, name) ?? otherwise;
  if (text === undefined) return undefined;
  const milliseconds = parseDuration(text);
  if (milliseconds > 0) return milliseconds;
  throw cliErrors.KISIM_E_USAGE(`--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)} ${text}`);
}
