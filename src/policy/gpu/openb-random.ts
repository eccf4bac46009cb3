import type { Policy } from '../policy.ts';
import { firstFree, sharesGpu } from './choose-gpus.ts';

/** Random of the FGD study: any node that the pod fits and, for a part of a GPU, any of its GPUs with room. */
export const openbRandom: Policy = {
  name: 'openb-random',
  start: ({ cluster, random }) => ({
    choose: (_pod, { nodes, count }) => nodes[random.integer(count)]!,
    explain: () => [],
    chooseGpus(pod, node, out) {
      const asked = pod.gpu;
      if (asked === undefined || asked.count === 0) return 0;
      if (!sharesGpu(asked)) return firstFree(cluster, node, asked.count, out);
      const from = cluster.gpuOffset[node]!;
      let met = 0;
      for (let gpu = 0; gpu < cluster.gpuCount[node]!; gpu++)
        if (cluster.gpuFree[from + gpu]! >= asked.milliEach && random.integer(++met) === 0) out[0] = gpu;
      return 1;
    },
  }),
};
