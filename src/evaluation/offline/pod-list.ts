/** Pods by ascending id, which is the order of their arrival: the first `count` of `ids`. */
export interface PodList {
  ids: Int32Array;
  count: number;
}

export const NOTHING: PodList = { ids: new Int32Array(0), count: 0 };

/** Index of a pod that the list holds, or of the first greater one. */
export function placeOf(list: PodList, pod: number): number {
  let low = 0;
  let high = list.count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list.ids[middle]! < pod) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Adds a pod where it belongs: ids ascend. */
export function insert(list: PodList, pod: number): void {
  if (list.count === list.ids.length) {
    const longer = new Int32Array(2 * list.ids.length + 1);
    longer.set(list.ids);
    list.ids = longer;
  }
  const at = placeOf(list, pod);
  list.ids.copyWithin(at + 1, at, list.count);
  list.ids[at] = pod;
  list.count++;
}

/** Takes out a pod that the list holds. */
export function removePod(list: PodList, pod: number): void {
  const at = placeOf(list, pod);
  list.ids.copyWithin(at, at + 1, list.count);
  list.count--;
}
