import type { Node, NodeGpus } from '../../cluster/node.ts';
import { gpuPowerOf } from '../../power-model/gpu-models.ts';
import { typicalCurve } from '../../power-model/typical-curve.ts';
import { GIB_PER_THREAD, nodesOf } from '../generators/hardware.ts';
import { inputErrors } from './errors.ts';

/**
 * Equal machines by a short description: `50x64` is 50 nodes of 64 threads, `20x96+8xV100M16` has 8 GPUs in each. Typical
 * power, 4 GiB a thread.
 *
 * @throws KISIM_E_INPUT_MACHINES
 */
export function describedMachines(text: string, sleep: boolean): readonly Node[] {
  const parts = /^(\d+)x(\d+)(?:\+(\d+)x([\w-]+))?$/.exec(text);
  const [count, threads, gpuCount] = [Number(parts?.[1]), Number(parts?.[2]), Number(parts?.[3] ?? 0)];
  if (parts === null || count < 1 || count > 100_000 || threads < 1 || threads > 4096 || gpuCount > 64)
    throw inputErrors.KISIM_E_INPUT_MACHINES(`'${text}'`);
  const group = {
    name: `typical-${threads}t`,
    threads,
    count,
    memoryBytes: threads * GIB_PER_THREAD * 2 ** 30,
    curve: typicalCurve(threads, 'synthetic'),
  };
  const nodes = nodesOf([group], { sleep });
  if (gpuCount === 0) return nodes;
  const model = parts[4]!;
  const power = gpuPowerOf(model);
  if (power === undefined)
    throw inputErrors.KISIM_E_INPUT_MACHINES(`'${text}': the power of ${model} is not known`);
  const gpus: NodeGpus = { count: gpuCount, model, power };
  return nodes.map((node) => ({ ...node, gpus }));
}
