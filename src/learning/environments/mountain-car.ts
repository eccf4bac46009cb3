import { cos } from '../../util/portable-math.ts';
import { RandomStream } from '../../util/rng.ts';
import type { Environment, Step } from '../environment.ts';
import { SavedFields, type SavedState, type SavedValue } from '../saved-state.ts';

/*
 * Gymnasium's MountainCar-v0 (gymnasium/envs/classic_control/mountain_car.py): Moore, "Efficient memory-based learning for
 * robot control", 1990. State in float64, observations in float32, as there.
 *
 * Differences: initial states come from this project's generator.
 */

const MIN_POSITION = -1.2;
const MAX_POSITION = 0.6;
const MAX_SPEED = 0.07;
const GOAL_POSITION = 0.5;
const GOAL_VELOCITY = 0;
const FORCE = 0.001;
const GRAVITY = 0.0025;
const EPISODE_STEPS = 200;

/**
 * A car in a valley, too weak to leave it without a run-up: accelerate left (0), not (1), right (2), -1 a step until the
 * top on the right. Observation: position, velocity. Solved at a mean return of -110.
 */
export class MountainCar implements Environment {
  readonly observationSize = 2;
  readonly actions = [3];
  readonly masked = false;
  readonly #random = new RandomStream(0);
  readonly #state = new Float64Array(2);
  #elapsed = 0;
  readonly #step = { reward: -1, terminated: false, truncated: false };

  reset(observation: Float32Array, seed?: number): void {
    if (seed !== undefined) this.#random.restore(new RandomStream(seed).state);
    this.#state[0] = this.#random.uniform(-0.6, -0.4);
    this.#state[1] = 0;
    this.#elapsed = 0;
    observation.set(this.#state);
  }

  step(action: Int32Array, observation: Float32Array): Step {
    let position = this.#state[0]!;
    let velocity = this.#state[1]!;
    velocity += (action[0]! - 1) * FORCE + cos(3 * position) * -GRAVITY;
    velocity = Math.min(Math.max(velocity, -MAX_SPEED), MAX_SPEED);
    position += velocity;
    position = Math.min(Math.max(position, MIN_POSITION), MAX_POSITION);
    if (position === MIN_POSITION && velocity < 0) velocity = 0;
    this.#state[0] = position;
    this.#state[1] = velocity;
    observation[0] = position;
    observation[1] = velocity;
    this.#elapsed++;
    const step = this.#step;
    step.terminated = position >= GOAL_POSITION && velocity >= GOAL_VELOCITY;
    step.truncated = this.#elapsed >= EPISODE_STEPS;
    return step;
  }

  save(): SavedState {
    return { random: this.#random.state, state: this.#state.slice(), elapsed: this.#elapsed };
  }

  restore(saved: SavedValue): void {
    const fields = new SavedFields(saved, 'mountainCar.');
    this.#random.restore(fields.random('random'));
    fields.into('state', this.#state);
    this.#elapsed = fields.number('elapsed');
  }
}
