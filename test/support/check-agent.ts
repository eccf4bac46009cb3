import assert from 'node:assert/strict';
import type { Agent } from '../../src/learning/agent.ts';
import { type EnvironmentBatch, optionsOf } from '../../src/learning/environment.ts';
import { decodeState, encodeState } from '../../src/learning/saved-state.ts';
import { RandomStream } from '../../src/util/rng.ts';

export interface AgentUnderTest {
  /** A fresh batch each time. */
  readonly environments: () => EnvironmentBatch;
  readonly make: (environments: EnvironmentBatch, seed: number) => Agent;
  /** Enough for some updates; a training is cut at thirds of it. */
  readonly steps: number;
}

/**
 * What every agent must keep to, in the spirit of scikit-learn's `check_estimator`: the same bits from the same seed, others from another,
 * a training that was cut, saved as bytes and gone on with in another object ends as the uninterrupted one, acting
 * is greedy, changes nothing, heeds masks and takes each row for itself, and what was saved with other settings is refused.
 */
export function checkAgent({ environments, make, steps }: AgentUnderTest): void {
  const begun = (seed: number) => make(environments(), seed);
  const trained = (seed: number) => {
    const agent = begun(seed);
    agent.trainUntil(steps);
    return agent;
  };
  const bytes = (agent: Agent) => Buffer.from(encodeState(agent.save())).toString('base64');

  assert.equal(begun(1).steps, 0);
  assert.deepEqual(begun(1).figures, {}, 'nothing is told before anything was learned');
  const agent = trained(1);
  const end = bytes(agent);
  assert.ok(agent.steps >= steps, 'as many steps as were asked for');
  assert.ok(Object.keys(agent.figures).length > 0, 'tells what its updates were like');
  for (const [name, figure] of Object.entries(agent.figures))
    assert.equal(typeof figure, 'number', `${name} is a number`);
  assert.notEqual(bytes(begun(1)), end, 'training changes something');
  assert.ok(bytes(trained(1)) === end, 'the same training from the same seed');
  assert.ok(bytes(trained(2)) !== end, 'another training from another seed');
  agent.trainUntil(agent.steps);
  assert.ok(bytes(agent) === end, 'nothing is done where nothing is left to do');

  // In pieces, and through a file at each cut.
  for (const cut of [1, Math.floor(steps / 3), Math.floor((2 * steps) / 3)]) {
    const first = begun(1);
    first.trainUntil(cut);
    const second = begun(1);
    second.restore(decodeState(encodeState(first.save())));
    assert.equal(second.steps, first.steps);
    for (const figure of Object.values(second.figures))
      assert.ok(
        Object.values(first.figures).includes(figure),
        'figures of a restored agent are those saved, or none',
      );
    assert.ok(bytes(second) === bytes(first), `saved again right away at ${cut}, it is the same`);
    first.trainUntil(steps);
    second.trainUntil(steps);
    assert.ok(bytes(first) === end, `cut at ${cut} into two calls, it is the same training`);
    assert.ok(bytes(second) === end, `restored at ${cut}, it goes on as if it had never stopped`);
  }

  checkActing(agent, environments());
  assert.ok(bytes(agent) === end, 'acting changes nothing');

  assert.throws(() => begun(2).restore(agent.save()), { code: 'KISIM_E_LEARNING_CHECKPOINT' });
  assert.throws(() => begun(1).restore({ ...agent.save(), algorithm: 'another' }), {
    code: 'KISIM_E_LEARNING_CHECKPOINT',
  });
  for (const name of Object.keys(agent.save())) {
    const { [name]: _, ...rest } = agent.save();
    assert.throws(() => begun(1).restore(rest), { code: 'KISIM_E_LEARNING_CHECKPOINT' }, `without ${name}`);
  }
}

/** Acts in many states, all at once and one by one. */
function checkActing(agent: Agent, environments: EnvironmentBatch): void {
  const { count, observationSize: size, actions, masked } = environments;
  const options = optionsOf(actions);
  const choices = actions.length;
  const random = new RandomStream(11);
  const chosen = new Int32Array(count * choices);
  const again = new Int32Array(count * choices);
  const alone = new Int32Array(choices);
  environments.reset(1000);
  for (let step = 0; step < 30; step++) {
    const { observations } = environments;
    const masks = masked ? environments.masks : undefined;
    const kept = observations.slice();
    agent.act(observations, masks, count, chosen);
    agent.act(observations, masks, count, again);
    assert.deepEqual(again, chosen, 'acts the same in the same state');
    assert.deepEqual(observations, kept, 'leaves observations alone');
    for (let row = 0; row < count; row++) {
      agent.act(
        observations.subarray(row * size, (row + 1) * size),
        masks?.subarray(row * options, (row + 1) * options),
        1,
        alone,
      );
      assert.deepEqual(alone, chosen.subarray(row * choices, (row + 1) * choices), 'a row for itself');
      let at = row * options;
      actions.forEach((width, choice) => {
        const option = alone[choice]!;
        assert.ok(option >= 0 && option < width);
        assert.equal(environments.masks[at + option], 1, 'what it chooses is valid');
        at += width;
      });
    }
    const only = onlyOne(environments, random);
    agent.act(observations, only.masks, count, again);
    assert.deepEqual(again, only.actions, 'chooses what alone is valid');
    environments.step(chosen);
  }
}

function onlyOne(
  { count, actions }: EnvironmentBatch,
  random: RandomStream,
): { masks: Uint8Array; actions: Int32Array } {
  const masks = new Uint8Array(count * optionsOf(actions));
  const chosen = new Int32Array(count * actions.length);
  let at = 0;
  for (let i = 0; i < chosen.length; i++) {
    const width = actions[i % actions.length]!;
    chosen[i] = random.integer(width);
    masks[at + chosen[i]!] = 1;
    at += width;
  }
  return { masks, actions: chosen };
}
