import { WORKER_CONTAINER } from '../../src/kubernetes/training/job-manifest.ts';
import { modelCard, modelOf } from '../../src/learning/model-card.ts';
import type { TrainingOrder } from '../../src/learning/remote/order.ts';
import { encodeParcel, type TrainingParcel } from '../../src/learning/remote/parcel.ts';
import { encodeEnd, type WorkerEnd } from '../../src/learning/remote/worker-notes.ts';
import type { FinishedTraining } from '../../src/learning/run-training.ts';
import { marginalRunOut } from '../../src/policy/energy/marginal-run-out.ts';
import type { Fields, StoredObject } from './fake-api/objects.ts';
import type { FakeApiServer } from './fake-api-server.ts';

export const order: TrainingOrder = {
  request: {
    plan: { kind: 'scenario', scenario: 'G', load: 0.6, clusterSeed: 0 },
    algorithm: 'es',
    steps: 3,
  },
  seeds: [4, 5, 6],
  threads: 1,
};

/** What a worker brings back that did not train: weights that tell the seed. */
export function parcelOf(
  seed: number,
  change = -0.01,
  given: Partial<FinishedTraining> = {},
): TrainingParcel {
  const weights = Float64Array.from(marginalRunOut.weights, (weight) => weight + seed / 100);
  const validation = { generation: 2, change, upper: change / 2 };
  const finished: FinishedTraining = {
    request: { ...order.request, seed, steps: 3 },
    twin: 'G at load 0.6',
    unit: 'generations',
    result: {
      start: marginalRunOut,
      policy: { name: 'own-cluster', weights, unit: 'points' },
      isAccepted: change < 0,
      validation,
    },
    report: {
      mean: change,
      interval: { low: 2 * change, high: change / 2 },
      count: 40,
    } as unknown as FinishedTraining['report'],
    reportWorkloads: 40,
    seconds: 12,
    decisions: 1000,
    ...given,
  };
  const model = modelOf(finished);
  const origin = {
    command: 'kisimd train',
    code: '0',
    finished: '2026-01-01T00:00:00Z',
    machine: {},
    threads: 1,
  };
  const log =
    '{"step":1,"seconds":1,"decisions":9,"sigma":1}\n{"step":2,"seconds":2,"decisions":18,"sigma":0.9,"change":-0.01,"upper":-0.005}\n';
  return { card: modelCard(finished, model, origin), onnx: model.onnx, log };
}

/** Plays what the controller of Jobs and the kubelets do, on a fake API server, for one Job. */
export class PlayedWorkers {
  readonly #server: FakeApiServer;
  readonly #namespace: string;
  readonly #job: string;
  #pods = 0;

  constructor(server: FakeApiServer, namespace: string, job: string) {
    this.#server = server;
    this.#namespace = namespace;
    this.#job = job;
  }

  get job(): StoredObject {
    return this.#server.find('Job', this.#job, this.#namespace)!;
  }

  jobStatus(status: Fields): void {
    this.#server.overwrite({ ...this.job, status });
  }

  /** A pod of an index, as the controller makes it. @returns its name */
  pod(index: number, status: Fields = { phase: 'Pending' }): string {
    const name = `${this.#job}-${index}-${++this.#pods}`;
    this.#server.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name,
        namespace: this.#namespace,
        labels: { 'batch.kubernetes.io/job-name': this.#job },
        annotations: { 'batch.kubernetes.io/job-completion-index': String(index) },
      },
      spec: { containers: [{ name: WORKER_CONTAINER, image: 'a:1' }] },
    });
    this.status(name, status);
    return name;
  }

  status(name: string, status: Fields): void {
    const pod = this.#server.find('Pod', name, this.#namespace)!;
    this.#server.overwrite({ ...pod, spec: { ...(pod['spec'] as Fields), nodeName: 'node1' }, status });
  }

  running(name: string): void {
    this.status(name, { phase: 'Running', ...container({ running: {} }) });
  }

  ended(name: string, exitCode: number, end: WorkerEnd | string, reason = 'Error'): void {
    const message = typeof end === 'string' ? end : encodeEnd(end);
    this.status(name, {
      phase: exitCode === 0 ? 'Succeeded' : 'Failed',
      ...container({ terminated: { exitCode, reason, message } }),
    });
  }

  /** The output of a pod, for so many times that it is asked for. */
  output(name: string, text: string, times = 1_000_000): void {
    const path = new RegExp(`/pods/${name}/log$`);
    this.#server.faults.add({ method: 'GET', path, times, fault: { status: 200, body: text } });
  }

  /** A pod that ends with a result. */
  succeeds(index: number, parcel: TrainingParcel): string {
    const name = this.pod(index);
    const { text, sha256 } = encodeParcel(parcel);
    this.output(name, text);
    this.ended(name, 0, { kind: 'result', sha256 }, 'Completed');
    return name;
  }

  remove(name: string): void {
    this.#server.remove(this.#server.find('Pod', name, this.#namespace)!);
  }
}

export function container(state: Fields): Fields {
  return { containerStatuses: [{ name: WORKER_CONTAINER, state }] };
}
