import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../../util/atomic-file.ts';
import { systemErrorCode } from '../../util/errors.ts';
import { learnedErrors } from './errors.ts';
import { checkModel, type LoadedModel, loadModel } from './load-model.ts';

/** One change of the model that is in use. */
export interface ModelSwap {
  readonly time: string;
  readonly action: 'use' | 'undo';
  /** SHA-256 of the model that is in use from then on; null: none. */
  readonly model: string | null;
  /** And of the one before. */
  readonly before: string | null;
}

/**
 * The models of clusters, in a folder: `CLUSTER/SHA256.onnx` with its card beside it, and `CLUSTER/swaps.json`, which says
 * what was put to use when. Nothing is ever deleted, so that every swap can be undone.
 */
export class ModelStore {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Digests of the clusters that there are models for. */
  clusters(): readonly string[] {
    if (!existsSync(this.folder)) return [];
    return this.#reading(this.folder, () => readdirSync(this.folder))
      .filter((name) => /^[0-9a-f]{16}$/.test(name))
      .sort();
  }

  /** Of a cluster, from the first to the last. @throws KISIM_E_MODEL_STORE */
  swaps(cluster: string): readonly ModelSwap[] {
    const path = this.#swaps(cluster);
    if (!existsSync(path)) return [];
    return this.#reading(path, () => JSON.parse(readFileSync(path, 'utf8')) as readonly ModelSwap[]);
  }

  /** The model in use for a cluster; undefined: none. @throws KISIM_E_MODEL_..., KISIM_E_ONNX_FORMAT */
  current(cluster: string): LoadedModel | undefined {
    const model = this.swaps(cluster).at(-1)?.model ?? null;
    return model === null ? undefined : loadModel(this.#file(cluster, model, 'onnx'));
  }

  /**
   * Puts a model to use for the cluster that it was trained for.
   *
   * @param time ISO 8601
   * @throws KISIM_E_MODEL_... for a model that cannot be used, KISIM_E_MODEL_STORE
   */
  use(path: string, onnx: Uint8Array, card: string, time: string): ModelSwap & { readonly cluster: string } {
    const { cluster, sha256 } = checkModel(path, onnx);
    if (cluster === undefined)
      throw learnedErrors.KISIM_E_MODEL_METADATA(`${path}: it does not say which cluster it was trained for`);
    this.#writing(cluster, () => {
      mkdirSync(join(this.folder, cluster), { recursive: true });
      replaceFile(this.#file(cluster, sha256, 'onnx'), onnx);
      replaceFile(this.#file(cluster, sha256, 'card.json'), Buffer.from(card));
    });
    return { cluster, ...this.#record(cluster, 'use', sha256, time) };
  }

  /** Goes back to the model before the last swap. @throws KISIM_E_MODEL_STORE where there was no swap */
  undo(cluster: string, time: string): ModelSwap {
    const last = this.swaps(cluster).at(-1);
    if (last === undefined) throw learnedErrors.KISIM_E_MODEL_STORE(`nothing was put to use for ${cluster}`);
    return this.#record(cluster, 'undo', last.before, time);
  }

  #record(cluster: string, action: ModelSwap['action'], model: string | null, time: string): ModelSwap {
    const swaps = this.swaps(cluster);
    const swap: ModelSwap = { time, action, model, before: swaps.at(-1)?.model ?? null };
    this.#writing(cluster, () =>
      replaceFile(this.#swaps(cluster), Buffer.from(`${JSON.stringify([...swaps, swap], undefined, 1)}\n`)),
    );
    return swap;
  }

  #file(cluster: string, sha256: string, ending: string): string {
    return join(this.folder, cluster, `${sha256.slice(0, 16)}.${ending}`);
  }

  #swaps(cluster: string): string {
    return join(this.folder, cluster, 'swaps.json');
  }

  #reading<T>(path: string, action: () => T): T {
    try {
      return action();
    } catch (cause) {
      throw learnedErrors.KISIM_E_MODEL_STORE(`${path}: ${systemErrorCode(cause) ?? String(cause)}`, {
        cause,
      });
    }
  }

  #writing(cluster: string, action: () => void): void {
    this.#reading(join(this.folder, cluster), action);
  }
}
