import type { AdmissionReason, QueueState } from '../policy.ts';

/** How a network sees a queue, and what its options mean. Of one question at a time. */
export interface QueueView {
  /** Stable name, as `--state` takes it and models keep it. */
  readonly name: string;
  readonly observationSize: number;
  readonly options: number;
  /** Parts of the observation that share the network; 1: none. */
  readonly entities: number;
  /** Reads a state in which at least one job fits, and writes what the network sees and which options it has. */
  read(state: QueueState, observation: Float32Array, mask: Uint8Array): void;
  /** Index into `state.jobs`, or NONE. */
  choiceOf(option: number): number;
  /** As `AdmissionPolicy.podsPerNode`, of the option. */
  podsPerNode(option: number, state: QueueState): Int32Array | undefined;
  /** What it was shown of the option, for people. */
  reasons(option: number): readonly AdmissionReason[];
}
