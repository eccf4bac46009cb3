import type { ApiDeployment } from './api-objects.ts';

/** Whether pods of a Deployment are being replaced or made, as `kubectl rollout status` tells; a paused one counts too. */
export function isRollingOut({ metadata, spec, status }: ApiDeployment): boolean {
  if (spec?.paused === true) return true;
  if ((status?.observedGeneration ?? 0) < (metadata?.generation ?? 0)) return true;
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status ?? {};
  return (
    updatedReplicas < (spec?.replicas ?? 1) ||
    replicas > updatedReplicas ||
    availableReplicas < updatedReplicas
  );
}
