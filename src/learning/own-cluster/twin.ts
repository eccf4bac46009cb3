import type { Situation } from '../../simulation/simulation.ts';

/** What was really done, for those who learn from it. */
export interface RecordedDecisions {
  /** As it was, nothing drawn. Pod ids are the places in the two lists. */
  situation(): Situation;
  /** Where each pod was placed, by index; -1: on a node that is not there any more. */
  readonly nodes: Int32Array;
  /** 1: a rule of the program decided it; 0: the cluster's scheduler did. */
  readonly decided: Uint8Array;
}

/** A cluster as it can be simulated: its nodes, and as many workloads of its kind as are asked for. */
export interface Twin {
  /** What it stands for, for people. */
  readonly name: string;
  readonly sleeps: boolean;
  /** Whether pods may be held back. */
  readonly waits: boolean;
  /** The same for the same seed, on every machine. Seeds are whole numbers below 2^31. */
  situation(seed: number): Situation;
  /** Left out: the twin is no record. */
  readonly recorded?: RecordedDecisions;
}

/** Keeps the situations that were made, of which a training uses the same over and over. */
export function rememberingTwin(twin: Twin): Twin {
  const made = new Map<number, Situation>();
  return {
    ...twin,
    situation(seed) {
      const known = made.get(seed) ?? twin.situation(seed);
      made.set(seed, known);
      return known;
    },
  };
}
