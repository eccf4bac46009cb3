import type { PlacementView, SimulatedView, ViewedDecision } from '../../export/placement-view.ts';
import type { PlacementStatus } from './placement-status.ts';

/** A placement that can be watched: on a live cluster, or on the simulated one. */
export interface WatchedPlacement {
  readonly status: PlacementStatus;
  /** Newest first; left out: none are remembered. */
  readonly recent?: readonly ViewedDecision[];
  readonly simulated?: SimulatedView;
}

/** What those see who watch. */
export function placementView({ status, recent = [], simulated }: WatchedPlacement): PlacementView {
  const { cluster, server, state, trouble, mode, policy, policyReason, paused, nodes, pods, counts, gauges } =
    status;
  return {
    schema: 1,
    cluster,
    server: server ?? null,
    state,
    trouble: trouble ?? null,
    mode,
    policy,
    policyReason: policyReason ?? null,
    paused: paused ?? null,
    nodes,
    pods,
    held: gauges?.held ?? 0,
    placed: counts?.placed ?? 0,
    observed: counts?.observed ?? 0,
    freed: counts?.freed ?? {},
    recent,
    simulated: simulated ?? null,
  };
}
