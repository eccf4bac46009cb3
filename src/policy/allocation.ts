/**
 * Kubernetes' arithmetic of allocation: whole points from 0 to 100, cut off and not rounded, CPU and memory of equal
 * weight (pkg/scheduler/framework/plugins/noderesources).
 */

/** Points for what stays free of one resource (least_allocated.go, leastRequestedScore). */
export function leastRequestedPoints(requested: number, capacity: number): number {
  return requested > capacity ? 0 : Math.trunc(((capacity - requested) * 100) / capacity);
}

/** Points for what is asked of one resource (most_allocated.go, mostRequestedScore). */
export function mostRequestedPoints(requested: number, capacity: number): number {
  return Math.trunc((Math.min(requested, capacity) * 100) / capacity);
}

/** How evenly CPU and memory are asked for; the standard deviation of two shares is half their distance. */
function balancePoints(cpuShare: number, memoryShare: number): number {
  return Math.trunc((1 - Math.abs(Math.min(1, cpuShare) - Math.min(1, memoryShare)) / 2) * 100);
}

/** BalancedAllocation as of 1.36: better or worse than without the pod (balanced_allocation.go). */
export function balancedAllocationPoints(
  cpuShareBefore: number,
  memoryShareBefore: number,
  cpuShareAfter: number,
  memoryShareAfter: number,
): number {
  const before = balancePoints(cpuShareBefore, memoryShareBefore);
  const after = balancePoints(cpuShareAfter, memoryShareAfter);
  return 50 + Math.trunc((50 + after - before) / 2);
}
