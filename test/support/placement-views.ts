import type { PlacementView, SimulatedView } from '../../src/export/placement-view.ts';

const simulated: SimulatedView = {
  seed: 5,
  seconds: 260,
  created: 70,
  running: 31,
  waiting: 1,
  isOnePolicy: true,
  placed: { policy: 'efficiency-first', joules: 182_000, activeJoules: 40_000, watts: 700 },
  twins: [
    { policy: 'round-robin', joules: 251_000, activeJoules: 109_000, watts: 966 },
    { policy: 'kube-scheduler', joules: 231_000, activeJoules: 89_000, watts: 890 },
  ],
};

/** A placement loop on the simulated cluster, four minutes old. */
export function simulatedView(
  changes: Partial<PlacementView> = {},
  own: Partial<SimulatedView> = {},
): PlacementView {
  return {
    schema: 1,
    cluster: 'simulated',
    server: null,
    state: 'leading',
    trouble: null,
    mode: 'act',
    policy: 'efficiency-first',
    policyReason: null,
    paused: null,
    nodes: 12,
    pods: 32,
    held: 0,
    placed: 69,
    observed: 0,
    freed: { 'no-node': 1 },
    recent: [
      {
        unixMilliseconds: Date.UTC(2026, 0, 31, 10, 21, 7),
        namespace: 'simulated',
        pod: 'build-1x3-17',
        outcome: 'placed',
        reason: null,
        policy: 'efficiency-first',
        node: 'sim-epyc4-1',
        predictedJoules: 412.4,
        reference: { policy: 'round-robin', node: 'sim-haswell-2', predictedJoules: 1903 },
      },
      {
        unixMilliseconds: Date.UTC(2026, 0, 31, 10, 21, 3),
        namespace: 'simulated',
        pod: 'report-1x3-16',
        outcome: 'freed',
        reason: 'no-node',
        policy: 'efficiency-first',
        node: null,
        predictedJoules: null,
        reference: null,
      },
    ],
    simulated: { ...simulated, ...own },
    ...changes,
  };
}

/** The same loop on a real cluster. */
export function liveView(changes: Partial<PlacementView> = {}): PlacementView {
  return simulatedView({
    cluster: 'live',
    server: 'https://10.0.0.1:6443 (minikube)',
    simulated: null,
    ...changes,
  });
}
