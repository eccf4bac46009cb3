import { cos, sin } from '../../util/portable-math.ts';
import { RandomStream } from '../../util/rng.ts';
import type { Environment, Step } from '../environment.ts';
import { SavedFields, type SavedState, type SavedValue } from '../saved-state.ts';

/*
 * Gymnasium's CartPole-v1 (gymnasium/envs/classic_control/cartpole.py): Barto, Sutton and Anderson, "Neuronlike adaptive
 * elements that can solve difficult learning control problems", 1983; equations from Florian, "Correct equations for the
 * dynamics of the cart-pole system", 2007, without friction. State in float64, observations in float32, as there.
 *
 * Differences: initial states come from this project's generator; a step after the end is not told from another one.
 */

const GRAVITY = 9.8;
const CART_MASS = 1;
const POLE_MASS = 0.1;
const TOTAL_MASS = POLE_MASS + CART_MASS;
/** Half of the pole. */
const LENGTH = 0.5;
const POLE_MASS_LENGTH = POLE_MASS * LENGTH;
const FORCE = 10;
/** Seconds between states; explicit Euler. */
const INTERVAL = 0.02;
const ANGLE_LIMIT = (12 * 2 * Math.PI) / 360;
const POSITION_LIMIT = 2.4;
/** Initial state: each number uniform in -0.05 .. 0.05. */
const START = 0.05;
/** CartPole-v1; v0 stops at 200. */
const EPISODE_STEPS = 500;

/**
 * A pole on a cart that is pushed left (0) or right (1): +1 for every step that it stands. Observation: position (m),
 * velocity, angle (rad), angular velocity. Solved at a mean return of 475.
 */
export class CartPole implements Environment {
  readonly observationSize = 4;
  readonly actions = [2];
  readonly masked = false;
  readonly #random = new RandomStream(0);
  readonly #state = new Float64Array(4);
  #elapsed = 0;
  readonly #step = { reward: 1, terminated: false, truncated: false };

  reset(observation: Float32Array, seed?: number): void {
    if (seed !== undefined) this.#random.restore(new RandomStream(seed).state);
    for (let i = 0; i < 4; i++) this.#state[i] = this.#random.uniform(-START, START);
    this.#elapsed = 0;
    observation.set(this.#state);
  }

  step(action: Int32Array, observation: Float32Array): Step {
    const state = this.#state;
    const position = state[0]!;
    const velocity = state[1]!;
    const angle = state[2]!;
    const angularVelocity = state[3]!;
    const force = action[0] === 1 ? FORCE : -FORCE;
    const cosine = cos(angle);
    const sine = sin(angle);
    const shared = (force + POLE_MASS_LENGTH * (angularVelocity * angularVelocity) * sine) / TOTAL_MASS;
    const angularAcceleration =
      (GRAVITY * sine - cosine * shared) / (LENGTH * (4 / 3 - (POLE_MASS * (cosine * cosine)) / TOTAL_MASS));
    const acceleration = shared - (POLE_MASS_LENGTH * angularAcceleration * cosine) / TOTAL_MASS;
    state[0] = position + INTERVAL * velocity;
    state[1] = velocity + INTERVAL * acceleration;
    state[2] = angle + INTERVAL * angularVelocity;
    state[3] = angularVelocity + INTERVAL * angularAcceleration;
    for (let i = 0; i < 4; i++) observation[i] = state[i]!;
    this.#elapsed++;
    const step = this.#step;
    step.terminated = Math.abs(state[0]) > POSITION_LIMIT || Math.abs(state[2]) > ANGLE_LIMIT;
    step.truncated = this.#elapsed >= EPISODE_STEPS;
    return step;
  }

  save(): SavedState {
    return { random: this.#random.state, state: this.#state.slice(), elapsed: this.#elapsed };
  }

  restore(saved: SavedValue): void {
    const fields = new SavedFields(saved, 'cartPole.');
    this.#random.restore(fields.random('random'));
    fields.into('state', this.#state);
    this.#elapsed = fields.number('elapsed');
  }
}
