import { HOSTNAME_LABEL } from '../cluster/labels.ts';
import type { Node } from '../cluster/node.ts';
import type { Pod } from '../cluster/pod.ts';
import { RandomStream } from '../util/rng.ts';
import { errors } from './errors.ts';

/** One experiment of the FGD study: what comes, in its order, and the nodes by the names that break ties. */
export interface OpenbExperiment {
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
}

export interface OpenbProtocol {
  /** GPUs asked for in the end, as a multiple of the cluster's; 1.3 in the study. */
  readonly ratio: number;
  readonly seed: number;
}

/**
 * Makes an experiment of a node list and a pod list as pkg/simulator of hkust-adsl/kubernetes-scheduler-simulator does:
 * nodes sorted by name get a random four-digit prefix; pods sorted by name are shuffled; then pods drawn from the list
 * with replacement are added until the next one would exceed the ratio (the check counts one GPU of it, not all, as
 * published), or random ones are taken out while there are too many. The random numbers are ours, so that experiments of
 * one seed agree with the study's in distribution and not pod by pod.
 *
 * @throws KISIM_E_SIM_WORKLOAD_INVALID where no pod asks for a GPU, for such a list never reaches the ratio
 */
export function openbExperiment(
  nodes: readonly Node[],
  pods: readonly Pod[],
  { ratio, seed }: OpenbProtocol,
): OpenbExperiment {
  const random = new RandomStream(seed);
  return {
    nodes: prefixed(nodes, random.fork('names')),
    pods: tuned(pods, ratio * gpuMilliOf(nodes), random.fork('pods')),
  };
}

/** Sorted by the new names, as a list from the API server is. */
function prefixed(nodes: readonly Node[], random: RandomStream): readonly Node[] {
  const sorted = [...nodes].sort(byName);
  const prefixes = random.shuffle(sorted.map((_, i) => String(i).padStart(4, '0')));
  return sorted
    .map((node, i) => {
      const name = `${prefixes[i]}-${node.name}`;
      return { ...node, name, labels: { ...node.labels, [HOSTNAME_LABEL]: name } };
    })
    .sort(byName);
}

function tuned(pods: readonly Pod[], targetMilli: number, random: RandomStream): readonly Pod[] {
  const sorted = [...pods].sort(byName);
  const shuffled = random.shuffle([...sorted]);
  let total = 0;
  for (const pod of sorted) total += askedMilli(pod);
  if (total === 0) throw errors.KISIM_E_SIM_WORKLOAD_INVALID('no pod asks for a GPU');
  if (total < targetMilli)
    for (let added = 0; ; added++) {
      const pod = random.pick(sorted);
      if (total + (pod.gpu?.milliEach ?? 0) > targetMilli) break;
      total += askedMilli(pod);
      shuffled.push({ ...pod, name: `${pod.name}-tuned-${added}` });
    }
  else
    while (total > targetMilli) {
      const [removed] = shuffled.splice(random.integer(shuffled.length), 1);
      total -= askedMilli(removed!);
    }
  return shuffled.map((pod, id) => ({ ...pod, id }));
}

function askedMilli(pod: Pod): number {
  return pod.gpu === undefined ? 0 : pod.gpu.count * pod.gpu.milliEach;
}

function gpuMilliOf(nodes: readonly Node[]): number {
  return nodes.reduce((sum, node) => sum + (node.gpus?.count ?? 0) * 1000, 0);
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}
