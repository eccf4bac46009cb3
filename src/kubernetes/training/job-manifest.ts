import type { ApiObject } from '../api-objects.ts';
import { COMPONENT, DOMAIN } from '../names.ts';

/** Label of everything that belongs to one training: its id. */
export const TRAINING_LABEL = `${DOMAIN}/training`;
/** The container of a worker. */
export const WORKER_CONTAINER = 'train';
/** Of the order in its ConfigMap. */
export const ORDER_KEY = 'order';
const ORDER_FOLDER = '/kisimd';

export interface TrainingJobOptions {
  readonly name: string;
  readonly namespace: string;
  /** Of the training that it is a part of. */
  readonly id: string;
  /** With the program as its entry point. */
  readonly image: string;
  /** Indices, from 0. */
  readonly seeds: number;
  /** Pods at a time. */
  readonly parallelism: number;
  /** Threads of a worker, and the CPUs that its pod asks for. */
  readonly threads: number;
  /** Quantity that a pod asks for: `1Gi`. */
  readonly memory: string;
}

/**
 * Failures of an index before it is given up. Evictions count too, since a policy for failed pods that would leave them
 * out makes the Job wait for pods on nodes that are gone (podReplacementPolicy `Failed` is the only one beside it).
 */
const RETRIES = 6;
/** A pod of a node that does not answer is replaced after this instead of the usual 300 s. */
const UNREACHABLE_SECONDS = 60;

const labelsOf = ({ id }: Pick<TrainingJobOptions, 'id'>) => ({
  'app.kubernetes.io/name': COMPONENT,
  'app.kubernetes.io/component': 'training',
  [TRAINING_LABEL]: id,
});

/**
 * One index a seed, suspended until its order is there. Workers have no service account, no network needs and nothing of the
 * node: what they find they write to their output.
 */
export function trainingJob(options: TrainingJobOptions): ApiObject {
  const { name, namespace, image, seeds, parallelism, threads, memory } = options;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace, labels: labelsOf(options) },
    spec: {
      suspend: true,
      completionMode: 'Indexed',
      completions: seeds,
      parallelism: Math.min(seeds, parallelism),
      backoffLimitPerIndex: RETRIES,
      podReplacementPolicy: 'TerminatingOrFailed',
      template: {
        metadata: { labels: labelsOf(options) },
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 65532,
            runAsGroup: 65532,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          tolerations: ['not-ready', 'unreachable'].map((state) => ({
            key: `node.kubernetes.io/${state}`,
            operator: 'Exists',
            effect: 'NoExecute',
            tolerationSeconds: UNREACHABLE_SECONDS,
          })),
          containers: [
            {
              name: WORKER_CONTAINER,
              image,
              args: ['train', '--as-worker', `${ORDER_FOLDER}/${ORDER_KEY}`, '--out', '/tmp/training'],
              resources: { requests: { cpu: String(threads), memory } },
              // A worker that could tell nothing has told why in its last lines.
              terminationMessagePolicy: 'FallbackToLogsOnError',
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
              volumeMounts: [
                { name: 'order', mountPath: ORDER_FOLDER, readOnly: true },
                { name: 'work', mountPath: '/tmp' },
              ],
            },
          ],
          volumes: [
            { name: 'order', configMap: { name } },
            { name: 'work', emptyDir: {} },
          ],
        },
      },
    },
  };
}

/** The order that the workers of a Job read; goes with the Job. */
export function orderConfigMap(
  options: Pick<TrainingJobOptions, 'name' | 'namespace' | 'id'>,
  jobUid: string,
  order: Uint8Array,
): ApiObject {
  const { name, namespace } = options;
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name,
      namespace,
      labels: labelsOf(options),
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name, uid: jobUid }],
    },
    immutable: true,
    binaryData: { [ORDER_KEY]: Buffer.from(order).toString('base64') },
  };
}
