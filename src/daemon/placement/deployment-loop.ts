import { DeploymentAdvice } from '../../controller/advice/deployment-advice.ts';
import { nodeCosts } from '../../controller/advice/node-costs.ts';
import { possibleNodes } from '../../controller/advice/possible-nodes.ts';
import { Adviser } from '../../kubernetes/adviser.ts';
import { type AdvisedDeployment, watchDeployments } from '../../kubernetes/deployment-watcher.ts';
import { troubleLog } from '../../kubernetes/trouble-log.ts';
import type { Service } from '../supervisor.ts';
import type { LiveParts } from './live-parts.ts';

/**
 * Preferences in the templates of Deployments that ask for them. Undefined where `placement.deployments` is off: preferences
 * that are there stay until their Deployments do not ask any more and it is on again.
 */
export function deploymentLoop(parts: LiveParts): Service | undefined {
  const { placement, kubernetes } = parts.config;
  if (!placement.deployments || placement.mode !== 'act') return undefined;
  const { api, clock, log, random, time, guard, events, leadership, paused } = parts;
  const deployments = watchDeployments({
    api,
    random,
    clock,
    trouble: troubleLog(log, 'watch-trouble', clock, { kind: 'deployments' }),
  });
  const advice = new DeploymentAdvice({
    deployments: () => deployments.values(),
    writes: new Adviser(guard),
    costsFor: (deployment) => costsFor(parts, deployment),
    ownNamespace: kubernetes.namespace,
    told: (deployment, nodes) => events.record(happening(deployment, nodes)),
    leadership,
    paused,
    time,
    log,
  });
  let isEnding = false;
  let started: Promise<void> | undefined;
  const begin = async () => {
    if ((await deployments.synced) && !isEnding) advice.start();
  };
  return {
    name: 'deployments',
    start() {
      deployments.start();
      started = begin().catch((error: unknown) =>
        log.error('service-failed', { service: 'deployments', error }),
      );
    },
    async stop() {
      isEnding = true;
      await advice.stop();
      await deployments.stop();
      await started;
    },
  };
}

/** Nothing is known to cost anything where the template cannot be read: it is then left as it is. */
function costsFor(
  { book, watcher, log }: LiveParts,
  { uid, namespace, name, object }: AdvisedDeployment,
): ReadonlyMap<string, number | undefined> {
  const { cluster } = book;
  const template = object.spec?.template;
  if (cluster === undefined) return new Map();
  const key = `deployment/${uid}`;
  try {
    const metadata = { ...template?.metadata, uid: key, name, namespace, resourceVersion: '' };
    const possible = possibleNodes(cluster, watcher.imagined.imagine({ metadata, spec: template?.spec }));
    return nodeCosts(cluster.nodes.filter((node) => possible.has(node.name))).byNode;
  } catch (error) {
    log.error('deployment-not-read', { namespace, deployment: name, error });
    return new Map();
  } finally {
    watcher.imagined.forget(key);
  }
}

function happening({ uid, namespace, name }: AdvisedDeployment, nodes: readonly string[] | undefined) {
  return {
    subject: { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name, uid },
    type: 'Normal',
    reason: nodes === undefined ? 'EnergyPreferenceRemoved' : 'EnergyPreferenceSet',
    message:
      nodes === undefined
        ? 'its template is again as it was'
        : `its template prefers ${nodes.join(', ')}, where work costs least; its pods are replaced`,
  } as const;
}
