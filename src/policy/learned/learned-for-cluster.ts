import type { Pod } from '../../cluster/pod.ts';
import type { Candidates, ExplainedTerm, Policy, PolicyContext, PolicyRun } from '../policy.ts';
import { WrappedRun } from '../wrapped-run.ts';
import { clusterDigest } from './cluster-digest.ts';
import { learnedErrors } from './errors.ts';
import { type LearnedCounts, learnedPolicy } from './learned-policy.ts';
import { type LoadedModel, loadModel } from './load-model.ts';
import type { ModelStore } from './model-store.ts';
import { OnnxEngine } from './onnx-engine.ts';

/** What places the pods of a cluster where nobody has named a policy, and why. */
export interface ChosenPolicy {
  /** Digest of the cluster. */
  readonly cluster: string;
  readonly policy: string;
  readonly reason: string;
}

/** What a daemon knows of its models, beside the files. */
export interface ModelChanges {
  readonly count: number;
  /** Of all learned decisions of the daemon. */
  readonly decisions: LearnedCounts;
  /** Told whenever `auto` begins with a policy, the same as before or another one. */
  readonly chose?: (chosen: ChosenPolicy) => void;
  /** What it was told last. */
  readonly chosen?: ChosenPolicy | undefined;
}

export interface LiveModels {
  readonly store: ModelStore;
  /** The model for clusters that have none of their own; undefined: there is none. */
  readonly frozen: string | undefined;
  readonly guardShare: number;
  /** Whose count grows when another model is put to use; left out: none ever is. */
  readonly changes?: ModelChanges;
}

const engines = new Map<string, OnnxEngine>();

/** One thread a model; a cluster whose nodes change starts its policy anew. */
function engineOf(model: LoadedModel): OnnxEngine {
  const known = engines.get(model.sha256) ?? new OnnxEngine(model);
  engines.set(model.sha256, known);
  return known;
}

/** A model as a daemon runs it, under its guard. */
export function startModel(
  name: string,
  model: LoadedModel,
  { guardShare, changes }: Pick<LiveModels, 'guardShare' | 'changes'>,
  context: PolicyContext,
): PolicyRun {
  const counts = changes === undefined ? {} : { counts: changes.decisions };
  return learnedPolicy({ name, model, engine: engineOf(model), guardShare, ...counts }).start(context);
}

/**
 * The model that was trained for the cluster, where one was put to use; else the frozen one. In a thread, under the guard:
 * until it is loaded its rule decides.
 *
 * @throws at its start KISIM_E_MODEL_NONE where there is neither, KISIM_E_MODEL_...
 */
export function learnedForCluster(models: LiveModels): Policy {
  return {
    name: 'learned',
    start: (context) => new RenewedRun(models, () => startForCluster(models, context)),
  };
}

function startForCluster(models: LiveModels, context: PolicyContext): PolicyRun {
  const { store, frozen } = models;
  const digest = clusterDigest(context.cluster.nodes);
  const own = store.current(digest);
  if (own !== undefined) return startModel('learned', own, models, context);
  if (frozen === undefined)
    throw learnedErrors.KISIM_E_MODEL_NONE(`none for cluster ${digest} in ${store.folder}`);
  return startModel('learned', loadModel(frozen), models, context);
}

/** Begins anew whenever models change. Only for runs that keep no books, so that nothing is lost. */
export class RenewedRun extends WrappedRun {
  readonly #models: Pick<LiveModels, 'changes'>;
  readonly #start: () => PolicyRun;
  #run: PolicyRun;
  #count: number;

  constructor(models: Pick<LiveModels, 'changes'>, start: () => PolicyRun) {
    const first = start();
    super(first);
    this.#models = models;
    this.#start = start;
    this.#run = first;
    this.#count = models.changes?.count ?? 0;
  }

  choose(pod: Pod, candidates: Candidates): number {
    return this.#current().choose(pod, candidates);
  }

  override explain(pod: Pod, node: number): readonly ExplainedTerm[] {
    return this.#current().explain(pod, node);
  }

  protected override wrapScores(pod: Pod, candidates: Candidates, out: Float64Array): void {
    this.#current().scores!(pod, candidates, out);
  }

  #current(): PolicyRun {
    const count = this.#models.changes?.count ?? 0;
    if (count === this.#count) return this.#run;
    // Once a change, whatever comes of it: a model that cannot be started leaves the one of before.
    this.#count = count;
    this.#run = this.#start();
    return this.#run;
  }
}

/** The model of a file, as a daemon runs it. @throws KISIM_E_MODEL_..., KISIM_E_ONNX_FORMAT */
export function guardedModel(path: string, models: Pick<LiveModels, 'guardShare' | 'changes'>): Policy {
  const model = loadModel(path);
  // Loading begins now, not with the first pod.
  engineOf(model);
  const name = `model:${path}`;
  return { name, start: (context) => startModel(name, model, models, context) };
}
