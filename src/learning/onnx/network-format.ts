/*
 * What a model file of a learned network looks like, for those who write it and those who read it:
 *
 *   observation  float [rows, numbers]   as the environment shows it: whatever scaling the network wants is inside the model
 *   mask         bool  [rows, options]   whether an option may be chosen; only where the environment is masked
 *   values       float [rows, options]   logits or action values, masked options below all others
 *   actions      int64 [rows, choices]   the greatest option of each choice, the first of equals
 */
export const NETWORK_INPUT = { observation: 'observation', mask: 'mask' } as const;
export const NETWORK_OUTPUT = { values: 'values', actions: 'actions' } as const;

/** Value of an option that may not be chosen: below all that a network gives, and still a float32. */
export const MASKED_VALUE = -1e30;

/** Key of the metadata that says, as JSON, how the network is built: what `networkModel` reads back. */
export const NETWORK_META = 'kisimd.network';

/** A dense network: `parameters` as the native learner has them, layer by layer weights [in][out], then the bias. */
export interface DenseNetwork {
  readonly inputs: number;
  readonly hidden: readonly number[];
  readonly outputs: number;
  /** Of the hidden layers; the output layer is linear. */
  readonly activation: 'relu' | 'tanh';
  readonly parameters: Float32Array;
}

/** clamp((observation - mean) / deviation, -clip, clip), number by number. */
export interface ObservationScaling {
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
  readonly clip: number;
}

/** Everything that decides what a learned network does with an observation. */
export interface NetworkDescription {
  readonly network: DenseNetwork;
  /** Options of each choice: [n] for one, more for independent choices (MultiDiscrete). */
  readonly actions: readonly number[];
  readonly masked: boolean;
  /** Parts of the observation that share the network, each with its own share of the options; 1: none. */
  readonly entities: number;
  /** The first output is the state's value, the others are advantages: Q = V + A - mean(A) (Wang and others, arXiv 1511.06581). */
  readonly dueling: boolean;
  /** Quantiles an output (QR-DQN); their mean counts. 0: expected values. */
  readonly quantiles: number;
  /** What the observation goes through first; left out: nothing. */
  readonly scaling?: ObservationScaling;
}
