import type { Node, NodeGpus } from '../../cluster/node.ts';
import { gpuPowerOf } from '../../power-model/gpu-models.ts';
import { shapedCurve } from '../../power-model/median-shape.ts';
import { GIB_PER_THREAD, nodesOf } from '../generators/hardware.ts';
import { inputErrors } from './errors.ts';

/** Medians of servers of 2017 on (`node.curve` of scenario A): 4.1 W a thread at full load, 0.19 of it idle. */
const FULL_WATTS_PER_THREAD = 4.1;
const IDLE_SHARE = 0.19;

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
  const full = threads * FULL_WATTS_PER_THREAD;
  const group = {
    name: `typical-${threads}t`,
    threads,
    count,
    memoryBytes: threads * GIB_PER_THREAD * 2 ** 30,
    curve: shapedCurve(2017, full * IDLE_SHARE, full, 'synthetic'),
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
