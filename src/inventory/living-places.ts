import type { ProcessCgroup } from './process-cgroup.ts';

/** Which cgroups hold living processes, themselves or in those below them, in either hierarchy. */
export class LivingPlaces {
  readonly #processes = new Map<ProcessCgroup, number>();
  readonly #places = new Map<string, number>();

  /** Another process lies there. */
  add(cgroup: ProcessCgroup): void {
    const processes = this.#processes.get(cgroup) ?? 0;
    this.#processes.set(cgroup, processes + 1);
    if (processes > 0) return;
    for (const key of cgroup.within) this.#places.set(key, (this.#places.get(key) ?? 0) + 1);
  }

  /** A process that was added is gone from there. */
  remove(cgroup: ProcessCgroup): void {
    const processes = this.#processes.get(cgroup) ?? 0;
    if (processes > 1) {
      this.#processes.set(cgroup, processes - 1);
      return;
    }
    this.#processes.delete(cgroup);
    for (const key of cgroup.within) {
      const places = this.#places.get(key) ?? 0;
      if (places > 1) this.#places.set(key, places - 1);
      else this.#places.delete(key);
    }
  }

  has(cgroup: ProcessCgroup): boolean {
    return this.#processes.has(cgroup);
  }

  /** @param key as made by `placeKey` */
  isInhabited(key: string): boolean {
    return this.#places.has(key);
  }
}
