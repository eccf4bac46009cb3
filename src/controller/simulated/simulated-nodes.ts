import type { Node } from '../../cluster/node.ts';
import { readServerModels } from '../../power-model/server-models.ts';

/**
 * A data centre that has grown over the years: what was bought last does a unit of work for a sixth of the energy that the
 * oldest machines take. Names are those of the project's own library of server models; the order is that of the node list.
 */
const MACHINES: readonly (readonly [model: string, count: number])[] = [
  ['sandybridge-32t', 2],
  ['haswell-72t', 2],
  ['broadwell-88t', 2],
  ['skylake-112t', 2],
  ['epyc2-128t', 1],
  ['altra-128t', 1],
  ['epyc4-192t', 1],
  ['epyc5-320t', 1],
];

/** As many pods as a kubelet takes by default. */
const PODS = 110;

/** The nodes of the simulated cluster: `sim-haswell-1`, `sim-haswell-2`, ... @throws KISIM_E_CURVE_TABLE */
export function simulatedNodes(): readonly Node[] {
  const models = new Map(readServerModels().map((model) => [model.name, model]));
  return MACHINES.flatMap(([name, count]) => {
    const { threads, memoryBytes, curve } = models.get(name)!;
    return Array.from({ length: count }, (_, i): Node => {
      const node = `sim-${name.split('-')[0]}-${i + 1}`;
      return {
        name: node,
        labels: { 'kubernetes.io/hostname': node, 'node.kubernetes.io/instance-type': name },
        cpuMilli: threads * 1000,
        memoryBytes,
        pods: PODS,
        power: curve,
      };
    });
  });
}
