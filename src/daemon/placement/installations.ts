import { InstallationCheck } from '../../controller/installation-check.ts';
import type { Service } from '../supervisor.ts';
import type { LiveParts } from './live-parts.ts';

/** Tells where the cluster has another installation of the program. */
export function installations({ config, watcher, time, log }: LiveParts): Service {
  return new InstallationCheck({
    namespaces: () => watcher.namespaces,
    own: config.kubernetes.namespace,
    time,
    log,
  });
}
