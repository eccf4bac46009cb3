import type { PauseSource } from './ports.ts';

/** Placement is paused while any of the sources says so: a file beside the daemon, a ConfigMap in the cluster. */
export class Paused implements PauseSource {
  readonly #sources: readonly PauseSource[];

  constructor(sources: readonly PauseSource[]) {
    this.#sources = sources;
  }

  get reason(): string | undefined {
    for (const source of this.#sources) if (source.reason !== undefined) return source.reason;
    return undefined;
  }

  subscribe(listener: () => void): () => void {
    const ends = this.#sources.map((source) => source.subscribe(listener));
    return () => {
      for (const end of ends) end();
    };
  }
}
