import { cos, sin } from '../../util/portable-math.ts';
import { RandomStream } from '../../util/rng.ts';
import type { Environment, Step } from '../environment.ts';
import { SavedFields, type SavedState, type SavedValue } from '../saved-state.ts';

/*
 * Gymnasium's Acrobot-v1 (gymnasium/envs/classic_control/acrobot.py): Sutton, "Generalization in reinforcement learning:
 * successful examples using sparse coarse coding", 1996, with the equations of Sutton and Barto's book. One Runge-Kutta
 * step of 0.2 s an action. Initial state rounded to float32, then float64, observations in float32, as there.
 *
 * Differences: initial states come from this project's generator; an angle leaves -pi .. pi by one turn at a time, which
 * is all that a step can do.
 */

const INTERVAL = 0.2;
/** Lengths in m, masses in kg; centres of mass from the joint; moments of inertia. Both links are the same. */
const LENGTH = 1;
const MASS = 1;
const CENTRE = 0.5;
const INERTIA = 1;
const GRAVITY = 9.8;
const MAX_VELOCITY_1 = 4 * Math.PI;
const MAX_VELOCITY_2 = 9 * Math.PI;
/** Initial state: each number uniform in -0.1 .. 0.1. */
const START = 0.1;
const EPISODE_STEPS = 500;

/**
 * Two links that hang from a joint; a torque of -1, 0 or 1 (actions 0, 1, 2) between them is to swing the free end above
 * the line, -1 a step until then. Observation: cosine and sine of both angles, both angular velocities. Solved at -100.
 */
export class Acrobot implements Environment {
  readonly observationSize = 6;
  readonly actions = [3];
  readonly masked = false;
  readonly #random = new RandomStream(0);
  readonly #state = new Float64Array(4);
  #elapsed = 0;
  readonly #step = { reward: -1, terminated: false, truncated: false };
  readonly #at = new Float64Array(4);
  readonly #slopes = [
    new Float64Array(4),
    new Float64Array(4),
    new Float64Array(4),
    new Float64Array(4),
  ] as const;

  reset(observation: Float32Array, seed?: number): void {
    if (seed !== undefined) this.#random.restore(new RandomStream(seed).state);
    for (let i = 0; i < 4; i++) this.#state[i] = Math.fround(this.#random.uniform(-START, START));
    this.#elapsed = 0;
    this.#observe(observation);
  }

  step(action: Int32Array, observation: Float32Array): Step {
    const state = this.#state;
    this.#integrate(action[0]! - 1);
    state[0] = wrapped(state[0]!);
    state[1] = wrapped(state[1]!);
    state[2] = Math.min(Math.max(state[2]!, -MAX_VELOCITY_1), MAX_VELOCITY_1);
    state[3] = Math.min(Math.max(state[3]!, -MAX_VELOCITY_2), MAX_VELOCITY_2);
    this.#observe(observation);
    this.#elapsed++;
    const step = this.#step;
    step.terminated = -cos(state[0]) - cos(state[1] + state[0]) > 1;
    step.truncated = this.#elapsed >= EPISODE_STEPS;
    step.reward = step.terminated ? 0 : -1;
    return step;
  }

  save(): SavedState {
    return { random: this.#random.state, state: this.#state.slice(), elapsed: this.#elapsed };
  }

  restore(saved: SavedValue): void {
    const fields = new SavedFields(saved, 'acrobot.');
    this.#random.restore(fields.random('random'));
    fields.into('state', this.#state);
    this.#elapsed = fields.number('elapsed');
  }

  #observe(observation: Float32Array): void {
    const state = this.#state;
    observation[0] = cos(state[0]!);
    observation[1] = sin(state[0]!);
    observation[2] = cos(state[1]!);
    observation[3] = sin(state[1]!);
    observation[4] = state[2]!;
    observation[5] = state[3]!;
  }

  /** The classic fourth-order rule. */
  #integrate(torque: number): void {
    const state = this.#state;
    const at = this.#at;
    const [k1, k2, k3, k4] = this.#slopes;
    slope(state, torque, k1);
    for (let i = 0; i < 4; i++) at[i] = state[i]! + (INTERVAL / 2) * k1[i]!;
    slope(at, torque, k2);
    for (let i = 0; i < 4; i++) at[i] = state[i]! + (INTERVAL / 2) * k2[i]!;
    slope(at, torque, k3);
    for (let i = 0; i < 4; i++) at[i] = state[i]! + INTERVAL * k3[i]!;
    slope(at, torque, k4);
    for (let i = 0; i < 4; i++) state[i]! += (INTERVAL / 6) * (k1[i]! + 2 * k2[i]! + 2 * k3[i]! + k4[i]!);
  }
}

/** Time derivative of both angles and both angular velocities. */
function slope(state: Float64Array, torque: number, result: Float64Array): void {
  const angle1 = state[0]!;
  const angle2 = state[1]!;
  const velocity1 = state[2]!;
  const velocity2 = state[3]!;
  const cos2 = cos(angle2);
  const sin2 = sin(angle2);
  const d1 =
    MASS * CENTRE ** 2 + MASS * (LENGTH ** 2 + CENTRE ** 2 + 2 * LENGTH * CENTRE * cos2) + INERTIA + INERTIA;
  const d2 = MASS * (CENTRE ** 2 + LENGTH * CENTRE * cos2) + INERTIA;
  const phi2 = MASS * CENTRE * GRAVITY * cos(angle1 + angle2 - Math.PI / 2);
  const phi1 =
    -MASS * LENGTH * CENTRE * velocity2 ** 2 * sin2 -
    2 * MASS * LENGTH * CENTRE * velocity2 * velocity1 * sin2 +
    (MASS * CENTRE + MASS * LENGTH) * GRAVITY * cos(angle1 - Math.PI / 2) +
    phi2;
  const acceleration2 =
    (torque + (d2 / d1) * phi1 - MASS * LENGTH * CENTRE * velocity1 ** 2 * sin2 - phi2) /
    (MASS * CENTRE ** 2 + INERTIA - d2 ** 2 / d1);
  result[0] = velocity1;
  result[1] = velocity2;
  result[2] = -(d2 * acceleration2 + phi1) / d1;
  result[3] = acceleration2;
}

function wrapped(angle: number): number {
  while (angle > Math.PI) angle -= 2 * Math.PI;
  while (angle < -Math.PI) angle += 2 * Math.PI;
  return angle;
}
