import type { ClusterState } from '../../cluster/cluster-state.ts';
import type { Node } from '../../cluster/node.ts';
import type { PowerCurve } from '../../power-model/power-curve.ts';
import type { Watts } from '../../util/units.ts';
import { errors } from '../errors.ts';

/**
 * What nodes draw by what is requested of them (PWR's view, Lettich et al., CCGrid 2025): the curve at the requested share
 * of CPU, plus every GPU by its law at the requested share of it.
 */
export class NodeWatts {
  readonly #cluster: ClusterState;
  readonly #curves: readonly PowerCurve[];
  readonly #gpuIdle: Float64Array;
  readonly #gpuRange: Float64Array;
  readonly #stepped: Uint8Array;

  /** @throws KISIM_E_POLICY_NO_POWER where a node has no curve or GPUs without one */
  constructor(cluster: ClusterState, policy: string) {
    this.#cluster = cluster;
    this.#curves = cluster.nodes.map((node) => node.power ?? refuse(policy, node, 'power curve'));
    const gpus = cluster.nodes.map((node) =>
      node.gpus === undefined || node.gpus.count === 0
        ? undefined
        : (node.gpus.power ?? refuse(policy, node, `watts of its ${node.gpus.model}`)),
    );
    this.#gpuIdle = Float64Array.from(gpus, (gpu) => gpu?.idleWatts ?? 0);
    this.#gpuRange = Float64Array.from(gpus, (gpu) =>
      gpu === undefined ? 0 : gpu.fullWatts - gpu.idleWatts,
    );
    this.#stepped = Uint8Array.from(gpus, (gpu) => (gpu?.law === 'full-when-used' ? 1 : 0));
  }

  /** Of a node as it is. */
  now(node: number): Watts {
    const cluster = this.#cluster;
    const from = cluster.gpuOffset[node]!;
    const count = cluster.gpuCount[node]!;
    let watts = this.cpu(node, cluster.freeCpu[node]!);
    for (let gpu = 0; gpu < count; gpu++) watts += this.gpu(node, cluster.gpuFree[from + gpu]!);
    return watts;
  }

  /** Of a node's processors and board with so many milli-cores free. */
  cpu(node: number, freeCpu: number): Watts {
    const capacity = this.#cluster.cpuCapacity[node]!;
    return this.#curves[node]!.watts((capacity - freeCpu) / capacity);
  }

  /** Of one GPU of a node with so many thousandths of it free. */
  gpu(node: number, free: number): Watts {
    const used = this.#stepped[node] === 1 ? (free < 1000 ? 1 : 0) : (1000 - free) / 1000;
    return this.#gpuIdle[node]! + this.#gpuRange[node]! * used;
  }
}

function refuse(policy: string, node: Node, what: string): never {
  throw errors.KISIM_E_POLICY_NO_POWER(`${policy}: node ${node.name} has no ${what}`);
}
