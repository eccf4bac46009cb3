import { z } from 'zod';
import { optionsOf } from '../../learning/environment.ts';
import {
  combinationsOf,
  combinationToChoices,
  writeCombinationMask,
} from '../../learning/flattened-actions.ts';
import { PortableNetwork } from '../../learning/onnx/portable-network.ts';
import { loadNetworkModel, type NetworkModel } from '../../learning/onnx/read-network.ts';
import { writeChangeMask } from '../environment.ts';
import { autoscalingErrors } from '../errors.ts';
import {
  OBSERVATION_SIZE,
  observationFields,
  type VectorForm,
  writeObservation,
} from '../observation-vector.ts';
import {
  type AutoscalingDecision,
  type AutoscalingObservation,
  type AutoscalingPolicy,
  measuredReplicas,
  placements,
  within,
} from '../policy.ts';
import { actionShape, replicaChanges } from '../problem.ts';

/** Metadata of a model file. */
export const AUTOSCALING_META = { kind: 'kisimd.kind', form: 'kisimd.autoscaling' } as const;
export const AUTOSCALING_KIND = 'autoscaling-policy';

/** What a model was trained for; as JSON in its metadata. */
export interface AutoscalingModelForm extends VectorForm {
  readonly algorithm: string;
  /** Between two decisions, and what is measured over. */
  readonly intervalSeconds: number;
  readonly windowSeconds: number;
}

/** A trained network as a policy: one choice of 75 combinations (DQN), or three of 5, 5 and 3 (PPO). */
export class LearnedPolicy implements AutoscalingPolicy {
  readonly name: string;
  readonly needs = observationFields;
  readonly form: AutoscalingModelForm;
  readonly #network: PortableNetwork;
  readonly #isFlat: boolean;
  readonly #observation = new Float32Array(OBSERVATION_SIZE);
  readonly #mask = new Uint8Array(optionsOf(actionShape));
  readonly #flatMask = new Uint8Array(combinationsOf(actionShape));
  readonly #choices = new Int32Array(actionShape.length);
  readonly #flat = new Int32Array(1);

  /** @throws KISIM_E_AUTOSCALE_MODEL for a network of another shape */
  constructor(name: string, form: AutoscalingModelForm, network: PortableNetwork) {
    const { actions, masked } = network.description;
    const isFlat = actions.length === 1 && actions[0] === combinationsOf(actionShape);
    if (
      network.observationSize !== OBSERVATION_SIZE ||
      !masked ||
      !(isFlat || actions.join() === actionShape.join())
    )
      throw autoscalingErrors.KISIM_E_AUTOSCALE_MODEL(
        `${name}: ${network.observationSize} numbers and actions of ${actions.join(', ')}${masked ? '' : ', not masked'}`,
      );
    this.name = name;
    this.form = form;
    this.#network = network;
    this.#isFlat = isFlat;
  }

  reset(): void {
    // A network without memory.
  }

  decide(observation: AutoscalingObservation): AutoscalingDecision {
    const { limits } = this.form;
    const gpu = measuredReplicas(observation, 'gpu');
    const cpu = measuredReplicas(observation, 'cpu');
    writeObservation(observation, this.form, this.#observation);
    writeChangeMask(gpu, limits.gpu, this.#mask, 0);
    writeChangeMask(cpu, limits.cpu, this.#mask, replicaChanges.length);
    this.#mask.fill(1, 2 * replicaChanges.length);
    const choices = this.#choices;
    if (this.#isFlat) {
      writeCombinationMask(this.#mask, actionShape, choices, this.#flatMask);
      this.#network.act(this.#observation, this.#flatMask, this.#flat);
      combinationToChoices(this.#flat[0]!, actionShape, choices);
    } else this.#network.act(this.#observation, this.#mask, choices);
    const [gpuChange, cpuChange] = [replicaChanges[choices[0]!]!, replicaChanges[choices[1]!]!];
    return {
      gpuReplicas: within(gpu + gpuChange, limits.gpu),
      cpuReplicas: within(cpu + cpuChange, limits.cpu),
      placement: placements[choices[2]!]!,
      reason: `${this.name}: gpu ${signed(gpuChange)}, cpu ${signed(cpuChange)}, ${placements[choices[2]!]!}`,
    };
  }
}

/** @throws KISIM_E_AUTOSCALE_MODEL, KISIM_E_LEARNING_MODEL, KISIM_E_ONNX_FORMAT */
export function loadLearnedPolicy(path: string, name?: string): LearnedPolicy {
  return learnedPolicyOf(loadNetworkModel(path), path, name);
}

/** @param where what messages name */
export function learnedPolicyOf(model: NetworkModel, where: string, name?: string): LearnedPolicy {
  const { [AUTOSCALING_META.kind]: kind, [AUTOSCALING_META.form]: text } = model.metadata;
  if (kind !== AUTOSCALING_KIND || text === undefined)
    throw autoscalingErrors.KISIM_E_AUTOSCALE_MODEL(`${where}: a model of kind ${kind ?? 'unknown'}`);
  const form = formOf(text, where);
  return new LearnedPolicy(name ?? form.algorithm, form, new PortableNetwork(model.description));
}

const replicaRange = z.strictObject({ min: z.int().min(0), max: z.int().min(1) });
const modelForm = z.strictObject({
  algorithm: z.string().min(1),
  intervalSeconds: z.number().positive(),
  windowSeconds: z.number().positive(),
  form: z.enum(['normalised', 'kisim']),
  limits: z.strictObject({ gpu: replicaRange, cpu: replicaRange }),
  objectiveSeconds: z.number().positive(),
  highestLoad: z.number().positive(),
});

function formOf(text: string, where: string): AutoscalingModelForm {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (cause) {
    throw autoscalingErrors.KISIM_E_AUTOSCALE_MODEL(`${where}: ${AUTOSCALING_META.form} is no JSON`, {
      cause,
    });
  }
  const parsed = modelForm.safeParse(found);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw autoscalingErrors.KISIM_E_AUTOSCALE_MODEL(
    `${where}: ${AUTOSCALING_META.form}: ${issue.path.join('.')}: ${issue.message}`,
  );
}

function signed(change: number): string {
  return change > 0 ? `+${change}` : `${change}`;
}
