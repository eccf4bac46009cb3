import type { Agent } from './agent.ts';
import type { EnvironmentBatch } from './environment.ts';

/**
 * Undiscounted returns of one greedy episode in each environment of the batch: environment i begins from seed + i. The batch is to be one
 * of its own, not that which the agent learns in. An environment whose episode is over is stepped on until all are, and not counted again.
 */
export function greedyEpisodes(
  agent: Pick<Agent, 'act'>,
  environments: EnvironmentBatch,
  seed: number,
): Float64Array {
  const { count, observations, masks, masked, terminated, truncated } = environments;
  const actions = new Int32Array(count * environments.actions.length);
  const returns = new Float64Array(count);
  const over = new Uint8Array(count);
  environments.reset(seed);
  for (let left = count; left > 0; ) {
    agent.act(observations, masked ? masks : undefined, count, actions);
    environments.step(actions);
    for (let i = 0; i < count; i++) {
      if (over[i] === 1 || (terminated[i] === 0 && truncated[i] === 0)) continue;
      over[i] = 1;
      returns[i] = environments.endedReturns[i]!;
      left--;
    }
  }
  return returns;
}
