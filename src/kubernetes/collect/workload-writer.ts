import type { ApiObject } from '../api-objects.ts';
import type { KubeApi, KubeRequest, KubeResponse } from '../kube-api.ts';
import {
  COLLECT_LABEL,
  COMPONENT,
  DURATION_ANNOTATION,
  JOB_TYPE_ANNOTATION,
  MANAGED_BY_LABEL,
  OPT_IN_LABEL,
  OPT_IN_VALUE,
} from '../names.ts';
import { refusal, statusOf } from '../refusal.ts';

/** One Job of a generated workload. */
export interface WorkloadJob {
  readonly name: string;
  readonly type: string;
  readonly priority: number;
  readonly pods: number;
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly seconds: number;
  readonly expectedSeconds: number;
}

export interface WorkloadWriterOptions {
  readonly api: KubeApi;
  readonly namespace: string;
  /** The workload's name, as a label's value. */
  readonly workload: string;
  /** Of the containers; has `sh`, `sleep` and `timeout`. */
  readonly image: string;
  /** `cpu` keeps busy what was asked for. */
  readonly work: 'sleep' | 'cpu';
}

/** A finished Job stays so long, so that who goes on after a stop still sees its end. */
const TTL_SECONDS = 86_400;
/** Nothing of a workload outlives this by more: nodes that are gone, images that are not there. */
const LEAST_DEADLINE_SECONDS = 3600;

/** Makes the Jobs of a workload in a namespace of their own, and takes them away again. */
export class WorkloadWriter {
  readonly #o: WorkloadWriterOptions;
  constructor(options: WorkloadWriterOptions) {
    this.#o = options;
  }

  /**
   * Makes the namespace, where there is none.
   *
   * @param optIn whether the program may place what runs there
   * @returns false where there is one that carries no label of a workload: it is left alone
   * @throws KISIM_E_KUBE_...
   */
  async takeNamespace(optIn: boolean, signal: AbortSignal): Promise<boolean> {
    const { namespace, workload } = this.#o;
    const labels = {
      [MANAGED_BY_LABEL]: COMPONENT,
      [COLLECT_LABEL]: workload,
      ...(optIn ? { [OPT_IN_LABEL]: OPT_IN_VALUE } : {}),
    };
    const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } };
    const made = await this.#ask({ method: 'POST', path: '/api/v1/namespaces', body: object, signal }, [409]);
    if (made.status !== 409) return true;
    const there = await this.#ask({ method: 'GET', path: `/api/v1/namespaces/${namespace}`, signal });
    const { metadata } = there.body as ApiObject;
    return metadata.labels?.[COLLECT_LABEL] !== undefined;
  }

  /** One that is there already by this name counts as made: it was, before a stop. @throws KISIM_E_KUBE_... */
  async make(job: WorkloadJob, signal: AbortSignal): Promise<void> {
    const { namespace } = this.#o;
    const path = `/apis/batch/v1/namespaces/${namespace}/jobs`;
    await this.#ask({ method: 'POST', path, body: this.#object(job), signal }, [409]);
  }

  /** Deletes the Jobs of workloads. @returns their uids @throws KISIM_E_KUBE_... */
  async remove(signal: AbortSignal): Promise<readonly string[]> {
    const path = `/apis/batch/v1/namespaces/${this.#o.namespace}/jobs`;
    const query = { labelSelector: `${MANAGED_BY_LABEL}=${COMPONENT},${COLLECT_LABEL}` };
    const { body } = await this.#ask({ method: 'GET', path, query, signal });
    const { items } = body as { readonly items: readonly ApiObject[] };
    for (const { metadata } of items)
      await this.#ask(
        {
          method: 'DELETE',
          path: `${path}/${metadata.name}`,
          body: { propagationPolicy: 'Background' },
          signal,
        },
        [404],
      );
    return items.map(({ metadata }) => metadata.uid!);
  }

  /** Only one that the program made, and says so. @throws KISIM_E_KUBE_... */
  async removeNamespace(signal: AbortSignal): Promise<void> {
    const path = `/api/v1/namespaces/${this.#o.namespace}`;
    const there = await this.#ask({ method: 'GET', path, signal }, [404]);
    if (there.status === 404) return;
    const { metadata } = there.body as ApiObject;
    if (metadata.labels?.[MANAGED_BY_LABEL] !== COMPONENT) return;
    const preconditions = { uid: metadata.uid };
    await this.#ask({ method: 'DELETE', path, body: { preconditions }, signal }, [404, 409]);
  }

  #object(job: WorkloadJob): ApiObject {
    const { namespace, workload, image, work } = this.#o;
    const amounts = { cpu: `${job.cpuMilli}m`, memory: String(job.memoryBytes) };
    const labels = {
      [MANAGED_BY_LABEL]: COMPONENT,
      [COLLECT_LABEL]: workload,
      [JOB_TYPE_ANNOTATION]: job.type,
      priority: String(job.priority),
    };
    const annotations = { [DURATION_ANNOTATION]: `${Math.max(1, Math.round(job.expectedSeconds))}s` };
    return {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: job.name, namespace, labels, annotations },
      spec: {
        parallelism: job.pods,
        completions: job.pods,
        // What ends badly has ended: tried again it would be another arrival.
        backoffLimit: 0,
        ttlSecondsAfterFinished: TTL_SECONDS,
        activeDeadlineSeconds: Math.max(LEAST_DEADLINE_SECONDS, Math.ceil(10 * job.seconds)),
        template: {
          metadata: { labels, annotations },
          spec: {
            restartPolicy: 'Never',
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            terminationGracePeriodSeconds: 1,
            containers: [
              {
                name: 'work',
                image,
                command: ['sh', '-c', script(job, work)],
                resources: { requests: amounts, limits: amounts },
              },
            ],
          },
        },
      },
    };
  }

  async #ask(request: KubeRequest, alsoGood: readonly number[] = []): Promise<KubeResponse> {
    const response = await this.#o.api.request(request);
    const isGood = response.status >= 200 && response.status < 300;
    if (isGood || (alsoGood.includes(response.status) && !isTerminating(response))) return response;
    throw refusal(request, response);
  }
}

/** A namespace that is being deleted refuses what is new with a conflict, too. */
function isTerminating({ body }: KubeResponse): boolean {
  return statusOf(body)?.message.includes('being terminated') === true;
}

function script({ seconds, cpuMilli }: WorkloadJob, work: 'sleep' | 'cpu'): string {
  if (work === 'sleep') return `sleep ${seconds}`;
  // As many busy loops as whole cores were asked for, and one for the rest: the limit holds it to that.
  const loops = Math.max(1, Math.ceil(cpuMilli / 1000));
  const loop = `timeout ${Math.ceil(seconds)} sh -c 'while :; do :; done'`;
  return `i=0; while [ $i -lt ${loops} ]; do ${loop} & i=$((i+1)); done; wait; true`;
}
