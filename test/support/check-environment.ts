import assert from 'node:assert/strict';
import { type Environment, optionsOf } from '../../src/learning/environment.ts';
import { decodeState, encodeState } from '../../src/learning/saved-state.ts';
import { RandomStream } from '../../src/util/rng.ts';

const STEPS = 700;

interface Seen {
  readonly observation: readonly number[];
  readonly mask: readonly number[];
  readonly reward: number;
  readonly ended: string;
}

/** A life in an environment: valid actions at random, a new episode whenever one ends. */
class Life {
  readonly #environment: Environment;
  readonly #random: RandomStream;
  readonly #observation: Float32Array;
  readonly #mask: Uint8Array;
  readonly #action: Int32Array;
  #over = false;

  constructor(environment: Environment, seed: number) {
    const options = optionsOf(environment.actions);
    this.#environment = environment;
    this.#random = new RandomStream(seed).fork('actions');
    this.#observation = new Float32Array(environment.observationSize);
    this.#mask = new Uint8Array(options).fill(1);
    this.#action = new Int32Array(environment.actions.length);
  }

  begin(seed: number): void {
    this.#environment.reset(this.#observation, seed);
  }

  go(steps: number, seen: Seen[]): void {
    for (let i = 0; i < steps; i++) {
      if (this.#over) this.#environment.reset(this.#observation);
      this.#environment.writeMask?.(this.#mask);
      this.#choose();
      const given = this.#observation.slice();
      const { reward, terminated, truncated } = this.#environment.step(this.#action, this.#observation);
      assert.equal(typeof terminated, 'boolean');
      assert.equal(typeof truncated, 'boolean');
      this.#over = terminated || truncated;
      seen.push({
        observation: [...given],
        mask: [...this.#mask],
        reward,
        ended: terminated ? 'terminated' : truncated ? 'truncated' : '',
      });
    }
  }

  fork(environment: Environment): Life {
    const other = new Life(environment, 0);
    other.#random.restore(this.#random.state);
    other.#observation.set(this.#observation);
    other.#mask.set(this.#mask);
    other.#over = this.#over;
    return other;
  }

  #choose(): void {
    let at = 0;
    this.#environment.actions.forEach((options, choice) => {
      const valid = Array.from({ length: options }, (_, option) => option).filter(
        (option) => this.#mask[at + option] === 1,
      );
      assert.ok(valid.length > 0, `choice ${choice} has a valid option`);
      this.#action[choice] = this.#random.pick(valid);
      at += options;
    });
  }
}

/**
 * What every environment must keep to, in the spirit of Gymnasium's `check_env`: shapes, finite numbers, masks of 0 and 1 with
 * a valid option each, the same life from the same seed, another one from another, episodes that end, arrays of the
 * caller left alone but for the observation, and a saved episode that goes on as the one it was saved from.
 */
export function checkEnvironment(make: () => Environment, { steps = STEPS } = {}): void {
  const environment = make();
  const { observationSize, actions, masked } = environment;
  assert.ok(Number.isInteger(observationSize) && observationSize > 0, 'observations have a size');
  assert.ok(actions.length > 0 && actions.every((options) => Number.isInteger(options) && options > 0));
  assert.equal(masked, environment.writeMask !== undefined, 'masked environments write masks');

  const live = (seed: number) => {
    const seen: Seen[] = [];
    // The same actions by chance, whatever the seed: what differs is the environment's own.
    const life = new Life(make(), 3);
    life.begin(seed);
    life.go(steps, seen);
    return seen;
  };
  const once = live(3);
  assert.deepEqual(live(3), once, 'the same life from the same seed');
  assert.notDeepEqual(live(4), once, 'another life from another seed');
  assert.ok(
    once.some(({ ended }) => ended !== ''),
    `an episode ends within ${steps} steps`,
  );
  for (const { observation, mask, reward } of once) {
    assert.ok(observation.every(Number.isFinite), 'observations are finite');
    assert.ok(Number.isFinite(reward), 'rewards are finite');
    assert.ok(
      mask.every((entry) => entry === 0 || entry === 1),
      'masks hold 0 and 1',
    );
  }

  // A reset with a seed forgets everything that was before.
  const used = make();
  const life = new Life(used, 9);
  life.begin(9);
  life.go(17, []);
  const again: Seen[] = [];
  const second = new Life(used, 3);
  second.begin(3);
  second.go(50, again);
  assert.deepEqual(again, once.slice(0, 50), 'a reset with a seed is a fresh environment');

  // Saved in the middle of an episode, through bytes, and gone on with in another object.
  const whole: Seen[] = [];
  const running = new Life(environment, 5);
  running.begin(5);
  running.go(23, whole);
  const bytes = encodeState({ environment: environment.save() });
  const other = make();
  other.restore(decodeState(bytes)['environment']!);
  const restored = running.fork(other);
  const rest: Seen[] = [];
  restored.go(60, rest);
  const uninterrupted: Seen[] = [];
  running.go(60, uninterrupted);
  assert.deepEqual(rest, uninterrupted, 'a restored environment goes on as if never saved');
}
