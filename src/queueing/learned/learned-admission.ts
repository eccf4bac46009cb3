import type { NetworkDescription } from '../../learning/onnx/network-format.ts';
import { PortableNetwork } from '../../learning/onnx/portable-network.ts';
import { errors } from '../errors.ts';
import type { AdmissionPolicy, QueueState } from '../policy.ts';
import { OWN_VIEW, ownView } from './own-view.ts';
import { SKRUEUE_VIEW, skrueueView } from './skrueue-view.ts';
import type { QueueView } from './view.ts';

export const VIEW_NAMES = [OWN_VIEW, SKRUEUE_VIEW] as const;

/** @throws KISIM_E_QUEUE_OPTIONS for a name that there is none of */
export function viewByName(name: string): QueueView {
  if (name === OWN_VIEW) return ownView();
  if (name === SKRUEUE_VIEW) return skrueueView();
  throw errors.KISIM_E_QUEUE_OPTIONS(`state ${name}`, { expected: `one of ${VIEW_NAMES.join(', ')}` });
}

/** What a network learned, as an admission policy: the option it holds best, nothing drawn. The same bits on every machine. */
export class LearnedAdmission implements AdmissionPolicy {
  readonly name: string;
  readonly #view: QueueView;
  readonly #network: PortableNetwork;
  readonly #observation: Float32Array;
  readonly #mask: Uint8Array;
  readonly #action = new Int32Array(1);
  #state: QueueState | undefined;

  /** @throws KISIM_E_QUEUE_MODEL where network and view are not of one size, KISIM_E_LEARNING_MODEL */
  constructor(name: string, view: QueueView, description: NetworkDescription) {
    this.name = name;
    this.#view = view;
    this.#network = new PortableNetwork(description);
    const { observationSize } = this.#network;
    if (observationSize !== view.observationSize || description.actions.join() !== String(view.options))
      throw errors.KISIM_E_QUEUE_MODEL(
        `${name}: ${observationSize} numbers and ${description.actions.join(', ')} options, where the state ${view.name} has ${view.observationSize} and ${view.options}`,
      );
    this.#observation = new Float32Array(view.observationSize);
    this.#mask = new Uint8Array(view.options);
  }

  reset(): void {
    this.#state = undefined;
  }

  choose(state: QueueState): number {
    this.#state = state;
    this.#view.read(state, this.#observation, this.#mask);
    this.#network.act(this.#observation, this.#mask, this.#action);
    return this.#view.choiceOf(this.#action[0]!);
  }

  get podsPerNode(): Int32Array | undefined {
    return this.#state === undefined ? undefined : this.#view.podsPerNode(this.#action[0]!, this.#state);
  }

  explain(state: QueueState, index: number) {
    this.#view.read(state, this.#observation, this.#mask);
    this.#network.act(this.#observation, this.#mask, this.#action);
    for (let option = 0; option < this.#view.options; option++) {
      if (this.#mask[option] !== 1 || this.#view.choiceOf(option) !== index) continue;
      const value = { term: 'value', amount: this.#network.values[option]!, unit: 'points' as const };
      return [value, ...this.#view.reasons(option)];
    }
    throw errors.KISIM_E_QUEUE_CHOICE(`${this.name} was not shown job ${index}`);
  }
}
