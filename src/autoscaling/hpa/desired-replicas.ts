import type { BackendPods } from '../policy.ts';

/** Pods without a metric count as at least so much, percent, where the others would scale down. */
const FULL_PERCENT = 100;

export interface DesiredReplicas {
  readonly replicas: number;
  /** Mean of the pods that counted, percent, as the controller reports it; undefined where no pod could be asked. */
  readonly utilizationPercent: number | undefined;
}

/**
 * Replicas that a resource metric asks for, as the HPA's controller computes them (Kubernetes documentation, "Horizontal Pod
 * Autoscaling", algorithm details; `GetResourceReplicas` of kubernetes/kubernetes, pkg/controller/podautoscaler), for pods that
 * all ask for the same: ceil(pods * utilization / target), the current number where the ratio is within the tolerance. Pods that are
 * not ready count as idle where the others would scale up and not at all where they would scale down; pods without a metric count as
 * idle, or fully used; and neither may turn the direction. Utilizations are whole percents, cut off.
 */
export function desiredReplicas(
  current: number,
  { ready, unready, unmeasured, utilizationPercent }: BackendPods & { readonly utilizationPercent: number },
  targetPercent: number,
  tolerance: number,
): DesiredReplicas {
  // No metric for any ready pod: the controller then leaves everything as it is.
  if (ready === 0) return { replicas: current, utilizationPercent: undefined };
  const reported = Math.trunc(utilizationPercent);
  const ratio = reported / targetPercent;
  const stay = { replicas: current, utilizationPercent: reported };
  const isWithin = (one: number) => 1 - tolerance <= one && one <= 1 + tolerance;
  const countsUnready = unready > 0 && ratio > 1;
  if (!countsUnready && unmeasured === 0)
    return isWithin(ratio) ? stay : { replicas: Math.ceil(ratio * ready), utilizationPercent: reported };
  const assumed = ratio < 1 ? Math.max(FULL_PERCENT, targetPercent) : 0;
  // A ratio of exactly 1 leaves pods without a metric out.
  const guessed = ratio === 1 ? 0 : unmeasured;
  const pods = ready + guessed + (countsUnready ? unready : 0);
  const again = Math.trunc((ready * utilizationPercent + guessed * assumed) / pods) / targetPercent;
  if (isWithin(again) || (ratio < 1 && again > 1) || (ratio > 1 && again < 1)) return stay;
  const replicas = Math.ceil(again * pods);
  if ((again < 1 && replicas > current) || (again > 1 && replicas < current)) return stay;
  return { replicas, utilizationPercent: reported };
}
