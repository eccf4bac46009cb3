import type { Node } from '../../cluster/node.ts';
import type { Config } from '../../config/config.ts';
import { typicalCurve } from '../../power-model/typical-curve.ts';
import { readNodeTable } from '../../simulation/inputs/node-table.ts';

/**
 * What is known of a cluster's nodes beside what Kubernetes tells: the table of the operator first; then, where that is allowed,
 * a typical server's curve by the CPUs of the node, marked `estimated`.
 *
 * @throws KISIM_E_INPUT_UNREADABLE, KISIM_E_INPUT_NODE_TABLE
 */
export function nodeDescriber({
  nodeTable,
  estimateMissingPower,
}: Pick<Config['placement'], 'nodeTable' | 'estimateMissingPower'>): (node: Node) => Node {
  const table = nodeTable === undefined ? undefined : readNodeTable(nodeTable);
  const curves = new Map<number, ReturnType<typeof typicalCurve>>();
  const estimated = (cpuMilli: number) => {
    const known = curves.get(cpuMilli) ?? typicalCurve(cpuMilli / 1000, 'estimated');
    curves.set(cpuMilli, known);
    return known;
  };
  return (node) => {
    const described = table === undefined ? node : table.describe(node);
    if (described.power !== undefined || !estimateMissingPower || node.cpuMilli <= 0) return described;
    return { ...described, power: estimated(node.cpuMilli) };
  };
}
