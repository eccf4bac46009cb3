import { evolution } from './own-cluster/evolution-trainer.ts';
import { fittedQ } from './placement/fitted-q-trainer.ts';
import { offlineQ } from './placement/offline-q-trainer.ts';
import type { TrainingAlgorithm } from './trainer.ts';

/** What `kisimd train --algorithm` knows, the usual one first. */
export const trainingAlgorithms: readonly [TrainingAlgorithm, ...TrainingAlgorithm[]] = [
  evolution,
  fittedQ,
  offlineQ,
];
