import type { Situation } from '../../simulation/simulation.ts';

/** A cluster as it can be simulated: its nodes, and as many workloads of its kind as are asked for. */
export interface Twin {
  /** What it stands for, for people. */
  readonly name: string;
  readonly sleeps: boolean;
  /** Whether pods may be held back. */
  readonly waits: boolean;
  /** The same for the same seed, on every machine. Seeds are whole numbers below 2^31. */
  situation(seed: number): Situation;
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
