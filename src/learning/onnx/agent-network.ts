import type { NativeNormaliser } from '../../native/network.ts';
import type { A2c } from '../algorithms/a2c.ts';
import { Dqn } from '../algorithms/dqn.ts';
import type { Ppo } from '../algorithms/ppo.ts';
import type { EnvironmentShape } from '../environment.ts';
import type { NetworkDescription, ObservationScaling } from './network-format.ts';

/** What the native normaliser adds to a variance, and where it cuts off: its defaults, which all agents here use. */
const NORMALISER = { epsilon: 1e-8, clip: 10 };

/** The acting part of an agent as it is now: a copy, which later training does not change. */
export function networkOf(
  agent: Ppo | A2c | Dqn,
  { actions, masked }: Pick<EnvironmentShape, 'actions' | 'masked'>,
): NetworkDescription {
  const { hidden, activation, entities } = agent.settings;
  if (agent instanceof Dqn) {
    const { online } = agent.network;
    const { dueling, quantiles } = agent.settings;
    const network = { ...sizes(online), hidden, activation };
    return { network, actions, masked, entities, dueling, quantiles };
  }
  const { policy, observationNormaliser } = agent.model;
  const network = { ...sizes(policy), hidden, activation };
  return {
    network,
    actions,
    masked,
    entities,
    dueling: false,
    quantiles: 0,
    ...(observationNormaliser === undefined ? {} : { scaling: scalingOf(observationNormaliser) }),
  };
}

function sizes(network: {
  readonly inputs: number;
  readonly outputs: number;
  readonly parameters: Float32Array;
}) {
  return { inputs: network.inputs, outputs: network.outputs, parameters: network.parameters.slice() };
}

/** As its state is: rows seen, means, sums of squared deviations. */
function scalingOf({ state }: NativeNormaliser): ObservationScaling {
  const size = (state.length - 1) / 2;
  const rows = state[0]!;
  const mean = state.slice(1, 1 + size);
  const deviation = state
    .slice(1 + size)
    .map((squares) => Math.sqrt((rows > 0 ? squares / rows : 1) + NORMALISER.epsilon));
  return { mean, deviation, clip: NORMALISER.clip };
}
