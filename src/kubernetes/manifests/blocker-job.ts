import { COMPONENT, DOMAIN } from '../names.ts';
import { harmlessContainer, harmlessPod } from './harmless.ts';

/** Label of the Job and its pod, with the Job's name. */
export const BLOCK_LABEL = `${DOMAIN}/block`;

/** The Job controller deletes a Job and its pod so long after its end, should nobody else have done so. */
const KEPT_SECONDS = 60;

export interface BlockerJobOptions {
  readonly namespace: string;
  readonly name: string;
  readonly image: string;
  /** The one node that it may run on; any if left out. */
  readonly node?: string | undefined;
  /** Of `kisimd`. */
  readonly args: readonly string[];
  /** Requested; the limit is a little above. */
  readonly cpuCores: number;
  readonly memoryBytes: number;
  /** Of the files that are read and written. */
  readonly scratchBytes: number;
  /** The pod is ended so long after it was made, whatever it does. */
  readonly activeSeconds: number;
}

/**
 * A Job of one pod without any rights, that ends by itself and is deleted by the cluster: nothing of it needs the program
 * that made it to be there at the end. The node is asked for by affinity, not by name, so that the scheduler counts what
 * the pod requests.
 */
export function blockerJob(options: BlockerJobOptions): object {
  const { namespace, name, image, node, args, cpuCores, memoryBytes, scratchBytes, activeSeconds } = options;
  const labels = {
    'app.kubernetes.io/name': COMPONENT,
    'app.kubernetes.io/component': 'block',
    [BLOCK_LABEL]: name,
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace, labels },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: Math.ceil(activeSeconds),
      ttlSecondsAfterFinished: KEPT_SECONDS,
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: 10,
          ...(node === undefined ? {} : { affinity: onNode(node) }),
          securityContext: harmlessPod,
          containers: [
            {
              name: 'block',
              image,
              imagePullPolicy: 'IfNotPresent',
              args,
              resources: {
                requests: { cpu: millicores(cpuCores), memory: `${memoryBytes}` },
                // A limit on what is held would throttle it; a little above keeps a defect from taking the node.
                limits: { cpu: millicores(cpuCores * 1.1 + 0.5), memory: `${memoryBytes}` },
              },
              securityContext: harmlessContainer,
              volumeMounts: [{ name: 'scratch', mountPath: '/var/tmp' }],
            },
          ],
          volumes: [{ name: 'scratch', emptyDir: { sizeLimit: `${scratchBytes}` } }],
        },
      },
    },
  };
}

function onNode(name: string): object {
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [name] }];
  return {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] },
    },
  };
}

function millicores(cores: number): string {
  return `${Math.ceil(Math.round(cores * 1e6) / 1e3)}m`;
}
