import type { ClusterState } from '../../cluster/cluster-state.ts';
import type { Pod } from '../../cluster/pod.ts';
import type { KubeBook } from './kube-book.ts';
import type { SavedResources } from './resource-book.ts';

/** The pods of a book with all that a book reads of them, as JSON. */
export interface SavedBook {
  readonly placed: readonly (readonly [pod: Pod, node: string])[];
  readonly resources: SavedResources;
}

/** Books what is in use already: pods of which nobody tells more than the sums. Selectors do not see them. */
export function bookUse(book: KubeBook, cluster: ClusterState): void {
  const { resources } = book;
  for (let node = 0; node < cluster.size; node++) {
    const cpu = cluster.cpuCapacity[node]! - cluster.freeCpu[node]!;
    const memory = cluster.memoryCapacity[node]! - cluster.freeMemory[node]!;
    resources.balance[node] = -1;
    resources.cpuRequested[node]! += cpu;
    resources.nonZeroCpu[node]! += cpu;
    resources.memoryRequested[node]! += memory;
    resources.nonZeroMemory[node]! += memory;
    resources.pods[node]! += cluster.podCapacity[node]! - cluster.freePods[node]!;
  }
}

/** Takes a pod off a book that may know it only as a part of what was in use. */
export function unbook(book: KubeBook, pod: Pod, node: number): void {
  if (book.has(pod.id)) {
    book.remove(pod.id);
    return;
  }
  const { resources } = book;
  resources.balance[node] = -1;
  resources.cpuRequested[node]! -= pod.cpuMilli;
  resources.nonZeroCpu[node]! -= pod.cpuMilli;
  resources.memoryRequested[node]! -= pod.memoryBytes;
  resources.nonZeroMemory[node]! -= pod.memoryBytes;
  resources.pods[node]!--;
}

export function saveBook(book: KubeBook): SavedBook {
  return { placed: [...book.placements()], resources: book.resources.save() };
}

/** Into a book without placed pods. */
export function restoreBook(book: KubeBook, saved: SavedBook): void {
  for (const [pod, node] of saved.placed) book.add(pod, node);
  // Last, so that sums of fractions go on with the bits that they had.
  book.resources.restore(saved.resources);
}
