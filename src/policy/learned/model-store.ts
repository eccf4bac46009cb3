import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../../util/atomic-file.ts';
import { systemErrorCode } from '../../util/errors.ts';
import type { WeightedRule } from '../energy/weighted-policy.ts';
import { learnedErrors } from './errors.ts';
import { checkModel, type LoadedModel, loadModel } from './load-model.ts';
import { FEATURE_SET } from './model-format.ts';
import { ruleOfText, ruleText } from './stored-rule.ts';

/** One change of the model that is in use. */
export interface ModelSwap {
  readonly time: string;
  readonly action: 'use' | 'undo';
  /** SHA-256 of the model that is in use from then on; null: none. */
  readonly model: string | null;
  /** And of the one before. */
  readonly before: string | null;
}

/** What simulation of a cluster said of the policies that could place its pods. */
export interface StoredChoice {
  /** ISO 8601. */
  readonly time: string;
  /** The best rule, as the point that was simulated. */
  readonly rule: WeightedRule;
  /** SHA-256 of the model for any cluster that is better than every rule; null: none is. */
  readonly picked: string | null;
  /** SHA-256 of models that are proven worse than the rule. */
  readonly refused: readonly string[];
  /** For people. */
  readonly reason: string;
}

/** What placed pods from a time on, and why. */
export interface PolicyNote {
  /** ISO 8601. */
  readonly time: string;
  readonly cluster: string;
  readonly policy: string;
  readonly reason: string;
}

/**
 * The models of clusters, in a folder: `CLUSTER/SHA256.onnx` with its card beside it, and `CLUSTER/swaps.json`, which says
 * what was put to use when. Nothing is ever deleted, so that every swap can be undone. Beside them `CLUSTER/choice.json`, what the last
 * simulation of the cluster said of all policies, and `policies.jsonl`, which policy was at work from when, and why.
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

  /** What simulation said of a cluster; undefined: nothing yet, or nothing that this version can read. @throws KISIM_E_MODEL_STORE */
  choice(cluster: string): StoredChoice | undefined {
    const path = join(this.folder, cluster, 'choice.json');
    if (!existsSync(path)) return undefined;
    const { features, rule, ...rest } = this.#reading(
      path,
      () =>
        JSON.parse(readFileSync(path, 'utf8')) as Omit<StoredChoice, 'rule'> & {
          readonly features: string;
          readonly rule: string;
        },
    );
    // Weights mean nothing for other terms.
    return features === FEATURE_SET ? { ...rest, rule: ruleOfText(rule, path) } : undefined;
  }

  /** @throws KISIM_E_MODEL_STORE */
  choose(cluster: string, { rule, ...rest }: StoredChoice): void {
    const stored = { features: FEATURE_SET, rule: ruleText(rule), ...rest };
    this.#writing(cluster, () => {
      mkdirSync(join(this.folder, cluster), { recursive: true });
      replaceFile(
        join(this.folder, cluster, 'choice.json'),
        Buffer.from(`${JSON.stringify(stored, undefined, 1)}\n`),
      );
    });
  }

  /** @throws KISIM_E_MODEL_STORE */
  note(note: PolicyNote): void {
    this.#reading(this.#notes, () => {
      mkdirSync(this.folder, { recursive: true });
      appendFileSync(this.#notes, `${JSON.stringify(note)}\n`);
    });
  }

  /** From the first to the last; a line that was cut off is none. @throws KISIM_E_MODEL_STORE */
  notes(): readonly PolicyNote[] {
    if (!existsSync(this.#notes)) return [];
    return this.#reading(this.#notes, () =>
      readFileSync(this.#notes, 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as PolicyNote),
    );
  }

  get #notes(): string {
    return join(this.folder, 'policies.jsonl');
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
