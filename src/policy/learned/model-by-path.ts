import { weightedPolicy } from '../energy/weighted-policy.ts';
import type { Policy } from '../policy.ts';
import { learnedPolicy } from './learned-policy.ts';
import { type LoadedModel, loadModel } from './load-model.ts';
import { OnnxEngine } from './onnx-engine.ts';

/** Simulations have no clock: an answer is waited for, however long the machine takes. */
const PATIENT_MILLISECONDS = 60_000;

/** One thread a model, however many runs there are of it. */
const engines = new Map<string, OnnxEngine>();

/**
 * The model of a file as simulations and benchmarks run it.
 *
 * @throws KISIM_E_MODEL_..., KISIM_E_ONNX_FORMAT
 */
export function modelByPath(path: string): Policy {
  return simulatedModel(loadModel(path));
}

/**
 * A model as simulations run it: without a guard, and as the point of the scorer's space that it is, with the arithmetic that it was
 * trained with; by onnxruntime only where it is no such point.
 *
 * @throws KISIM_E_MODEL_ENGINE
 */
export function simulatedModel(model: LoadedModel): Policy {
  const name = `model:${model.path}`;
  if (model.point !== undefined) return weightedPolicy({ ...model.point, name }, 'first');
  const engine = patientEngine(model);
  return learnedPolicy({ name, model, engine, guardShare: Number.POSITIVE_INFINITY });
}

function patientEngine(model: LoadedModel): OnnxEngine {
  const known = engines.get(model.sha256) ?? new OnnxEngine(model, PATIENT_MILLISECONDS);
  engines.set(model.sha256, known);
  known.waitUntilReady();
  return known;
}
