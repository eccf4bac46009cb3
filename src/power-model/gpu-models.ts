import type { GpuPower } from './power-curve.ts';

/**
 * Idle watts and thermal design power of the GPUs of Alibaba's openb trace, as PWR has them (Lettich et al., CCGrid 2025,
 * arXiv 2412.17484, and pkg/type/open-gpu-share/utils/const.go of Fr4nz83/PWR-plugin-kubernetes). In that model a GPU
 * with any share taken draws all. The trace hides A10 behind G2 and A100 behind G3.
 */
const PWR_GPUS: readonly (readonly [model: string, idleWatts: number, fullWatts: number])[] = [
  ['T4', 10, 70],
  ['A10', 30, 150],
  ['G2', 30, 150],
  ['P100', 25, 250],
  ['V100M16', 30, 300],
  ['V100M32', 30, 300],
  ['V100', 30, 300],
  ['A100', 50, 400],
  ['G3', 50, 400],
];

export const gpuModels: ReadonlyMap<string, GpuPower> = new Map(
  PWR_GPUS.map(([model, idleWatts, fullWatts]) => [model, { idleWatts, fullWatts, law: 'full-when-used' }]),
);

/** Power of a GPU by the name that the openb trace gives its model; undefined where nothing is known of it. */
export function gpuPowerOf(model: string): GpuPower | undefined {
  return gpuModels.get(model);
}
