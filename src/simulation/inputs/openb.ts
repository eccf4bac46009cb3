import { HOSTNAME_LABEL } from '../../cluster/labels.ts';
import type { Node, NodeGpus } from '../../cluster/node.ts';
import type { Pod } from '../../cluster/pod.ts';
import { gpuPowerOf } from '../../power-model/gpu-models.ts';
import { PWR_SOCKETS, SocketCurve } from '../../power-model/socket-curve.ts';
import { CsvRows, readInput } from './csv-rows.ts';

/**
 * Node and pod lists of Alibaba's openb trace (cluster-trace-gpu-v2023), in the form that the FGD and PWR studies read
 * them: Weng et al., "Beware of Fragmentation", ATC 2023; Lettich et al., CCGrid 2025.
 */
const NODE_COLUMNS = ['sn', 'cpu_milli', 'memory_mib', 'gpu', 'model'] as const;
const POD_COLUMNS = ['name', 'cpu_milli', 'memory_mib', 'num_gpu', 'gpu_milli'] as const;
const MEBIBYTE = 2 ** 20;
/** What a kubelet takes when it is told nothing; the trace does not say. */
const PODS_PER_NODE = 110;

/** A pod of the trace and when it was there; times in seconds since the trace's beginning, NaN where it has none. */
export interface OpenbPods {
  readonly pods: readonly Pod[];
  readonly creationSeconds: Float64Array;
  readonly deletionSeconds: Float64Array;
}

/** @throws KISIM_E_INPUT_UNREADABLE, KISIM_E_INPUT_COLUMN, KISIM_E_INPUT_VALUE */
export function readOpenbNodes(path: string): readonly Node[] {
  return parseOpenbNodes(readInput(path), path);
}

/**
 * Power is PWR's: sockets of 16 cores for every node, and the watts of the GPU's model; a model that it does not list has
 * none, and a policy that needs it refuses.
 *
 * @param file its name in errors
 */
export function parseOpenbNodes(text: string, file: string): readonly Node[] {
  const rows = new CsvRows(text, file, NODE_COLUMNS);
  const curves = new Map<number, SocketCurve>();
  const kinds = new Map<string, NodeGpus>();
  const nodes: Node[] = [];
  const names = new Set<string>();
  while (rows.next()) {
    const name = rows.text('sn');
    if (name === '' || names.has(name)) throw rows.bad(name === '' ? 'sn is empty' : `a second node ${name}`);
    names.add(name);
    const cpuMilli = rows.count('cpu_milli');
    if (cpuMilli === 0) throw rows.bad(`cpu_milli is '0'`);
    const memoryMib = rows.count('memory_mib');
    if (memoryMib === 0) throw rows.bad(`memory_mib is '0'`);
    const count = rows.count('gpu');
    const model = rows.text('model');
    if (count > 0 && model === '') throw rows.bad(`${count} GPUs without a model`);
    let power = curves.get(cpuMilli);
    if (power === undefined) {
      power = new SocketCurve({ ...PWR_SOCKETS, threads: cpuMilli / 1000 }, 'published');
      curves.set(cpuMilli, power);
    }
    const kind = `${count} ${model}`;
    let gpus = kinds.get(kind);
    if (gpus === undefined) {
      gpus = { count, model, power: gpuPowerOf(model) };
      kinds.set(kind, gpus);
    }
    nodes.push({
      name,
      labels: { [HOSTNAME_LABEL]: name },
      cpuMilli,
      memoryBytes: memoryMib * MEBIBYTE,
      pods: PODS_PER_NODE,
      ...(count > 0 ? { gpus } : {}),
      power,
    });
  }
  if (nodes.length === 0) throw rows.bad('no node in the list');
  return nodes;
}

/** @throws KISIM_E_INPUT_UNREADABLE, KISIM_E_INPUT_COLUMN, KISIM_E_INPUT_VALUE */
export function readOpenbPods(path: string): OpenbPods {
  return parseOpenbPods(readInput(path), path);
}

/**
 * Pods in the order of the list; ids are indices. Equal requests (CPU, memory, GPUs, models) are one shape. Nothing is
 * predicted but that a pod uses what it asks for and does not end.
 *
 * @param file its name in errors
 */
export function parseOpenbPods(text: string, file: string): OpenbPods {
  const rows = new CsvRows(text, file, POD_COLUMNS);
  const shapes = new Map<string, number>();
  const pods: Pod[] = [];
  const creations: number[] = [];
  const deletions: number[] = [];
  while (rows.next()) {
    const cpuMilli = rows.count('cpu_milli');
    const memoryMib = rows.count('memory_mib');
    const count = rows.count('num_gpu');
    const milli = rows.count('gpu_milli');
    if (count === 0 && milli > 0) throw rows.bad(`gpu_milli is '${milli}' with no GPU`);
    if (count > 0 && (milli === 0 || milli > 1000)) throw rows.bad(`gpu_milli is '${milli}'`);
    if (count > 1 && milli < 1000) throw rows.bad(`${count} GPUs of ${milli} thousandths each`);
    const spec = rows.has('gpu_spec') ? rows.text('gpu_spec') : '';
    const key = `${cpuMilli} ${memoryMib} ${count} ${milli} ${spec}`;
    let shape = shapes.get(key);
    if (shape === undefined) {
      shape = shapes.size;
      shapes.set(key, shape);
    }
    const models = spec.split('|').filter((model) => model !== '');
    pods.push({
      id: pods.length,
      name: rows.text('name'),
      namespace: 'openb',
      cpuMilli,
      memoryBytes: memoryMib * MEBIBYTE,
      ...(count > 0 ? { gpu: { count, milliEach: milli, models } } : {}),
      predictedCpuMilli: cpuMilli,
      predictedSeconds: Number.POSITIVE_INFINITY,
      slackSeconds: 0,
      shape,
    });
    const creation = timeOf(rows, 'creation_time');
    const deletion = timeOf(rows, 'deletion_time');
    if (deletion < creation) throw rows.bad(`deletion_time ${deletion} is before creation_time ${creation}`);
    creations.push(creation);
    deletions.push(deletion);
  }
  if (pods.length === 0) throw rows.bad('no pod in the list');
  return {
    pods,
    creationSeconds: Float64Array.from(creations),
    deletionSeconds: Float64Array.from(deletions),
  };
}

/** The multi-GPU lists have no times, and a few pods of the others were never deleted. */
function timeOf(rows: CsvRows, column: string): number {
  return rows.has(column) && rows.text(column) !== '' ? rows.number(column) : Number.NaN;
}
