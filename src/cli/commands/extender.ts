import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { stringify } from 'yaml';
import type { Config } from '../../config/config.ts';
import { loadConfig } from '../../config/load.ts';
import { nodeDescriber } from '../../daemon/placement/describe-nodes.ts';
import { ExtenderService } from '../../daemon/placement/extender-service.ts';
import { liveModels, placementPolicies } from '../../daemon/placement/policies.ts';
import { serverFeatures } from '../../kubernetes/server-features.ts';
import { systemClock } from '../../util/clock.ts';
import { parseDuration } from '../../util/duration.ts';
import { keepHeapSmall } from '../../util/heap-growth.ts';
import { createLogger } from '../../util/log.ts';
import { isLoopback } from '../../util/loopback.ts';
import { seededRandom } from '../../util/rng.ts';
import type { Milliseconds } from '../../util/units.ts';
import type { CommandContext } from '../command.ts';
import { clusterSettings, connectCluster } from '../connect-cluster.ts';
import { cliErrors } from '../errors.ts';

/** Above all that the other plugins of the default profile can add up to. */
const WEIGHT = 13;
/** For the way there and back. */
const BESIDE_MILLISECONDS: Milliseconds = 50;

/** `kisimd extender`. Prints its address once it listens, and serves until it is asked to stop. */
export async function runExtender(context: CommandContext): Promise<number> {
  const { options, env, stdout, stderr, signal } = context;
  const { config } = loadConfig({ env, flags: options });
  const placement = placementOf(options, config);
  const listen = listenOptions(options);
  if (options['printConfig'] === true) {
    stdout.write(schedulerConfiguration(listen, placement.strength, options['json'] === true));
    return 0;
  }
  const log = createLogger(config.log.level, { write: (line) => stderr.write(line) });
  const policies = placementPolicies(placement, false, liveModels({ ...config, placement }));
  const describeNode = nodeDescriber(placement);
  if (!isLoopback(listen.host)) log.warn('extender-beyond-loopback', { host: listen.host });
  const settings = clusterSettings(context, config);
  const api = await connectCluster(settings, env);
  try {
    keepHeapSmall();
    const { version } = await serverFeatures(api);
    log.info('cluster-found', { server: api.name, version: version.gitVersion });
    const service = new ExtenderService({
      api,
      policies,
      describeNode,
      strength: placement.strength,
      ownerSelectors: placement.ownerSelectors,
      ownNamespace: settings.namespace,
      allNamespaces: options['allNamespaces'] === true,
      ...listen,
      clock: systemClock,
      random: seededRandom(randomInt(2 ** 32)),
      log,
    });
    const { port } = await service.start();
    const url = urlOf({ ...listen, port });
    stdout.write(
      options['json'] === true ? `${JSON.stringify({ url, policy: placement.policy })}\n` : `${url}\n`,
    );
    if (!signal.aborted) await once(signal, 'abort');
    await service.stop();
    return 0;
  } finally {
    api.close();
  }
}

interface Listening {
  readonly host: string;
  readonly port: number;
  readonly timeLimitMilliseconds: Milliseconds;
}

function listenOptions(options: CommandContext['options']): Listening {
  const text = String(options['port']);
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw cliErrors.KISIM_E_USAGE(`--port ${text}`, { action: 'give a whole number from 0 to 65535' });
  const timeLimitMilliseconds = parseDuration(String(options['timeLimit']));
  if (timeLimitMilliseconds < 1)
    throw cliErrors.KISIM_E_USAGE(`--time-limit ${options['timeLimit']}`, { action: 'give at least 1ms' });
  return { host: String(options['host']), port: Number(text), timeLimitMilliseconds };
}

function placementOf(options: CommandContext['options'], { placement }: Config): Config['placement'] {
  const { policy, strength } = options;
  return {
    ...placement,
    ...(typeof policy === 'string' ? { policy } : {}),
    ...(typeof strength === 'string' ? { strength: strength as Config['placement']['strength'] } : {}),
  };
}

function urlOf({ host, port }: Pick<Listening, 'host' | 'port'>): string {
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}/kisimd`;
}

/** What kube-scheduler must be told (kubescheduler.config.k8s.io/v1, Extender). */
export function schedulerConfiguration(
  { host, port, timeLimitMilliseconds }: Listening,
  strength: Config['placement']['strength'],
  json: boolean,
): string {
  const configuration = {
    apiVersion: 'kubescheduler.config.k8s.io/v1',
    kind: 'KubeSchedulerConfiguration',
    extenders: [
      {
        urlPrefix: urlOf({ host, port }),
        ...(strength === 'required' ? { filterVerb: 'filter' } : {}),
        prioritizeVerb: 'prioritize',
        weight: WEIGHT,
        httpTimeout: `${Math.ceil(timeLimitMilliseconds) + BESIDE_MILLISECONDS}ms`,
        // Names are enough: the cluster is watched here too.
        nodeCacheCapable: true,
        // Without its advice the scheduler goes on as ever.
        ignorable: true,
      },
    ],
  };
  return json ? `${JSON.stringify(configuration)}\n` : stringify(configuration);
}
