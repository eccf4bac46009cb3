import type { KubeObject } from './kube-object.ts';

type Fields = Readonly<Record<string, unknown>>;

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function containerPart(container: unknown, withImage: boolean): Fields {
  const { image, resources, ports, restartPolicy } = fields(container);
  return { image: withImage ? image : '', resources, ports, restartPolicy };
}

/**
 * What a pod on a node still means for others: its labels, what it takes, ports, and affinity to and against pods. What it
 * asks of nodes is left out, so that for instance the pods of a DaemonSet, each tied to its node by name, are alike.
 */
function sharedPart(spec: Fields, withImages = false): Fields {
  const { podAffinity, podAntiAffinity } = fields(spec['affinity']);
  return {
    containers: list(spec['containers']).map((each) => containerPart(each, withImages)),
    initContainers: list(spec['initContainers']).map((each) => containerPart(each, withImages)),
    resources: spec['resources'],
    overhead: spec['overhead'],
    hostNetwork: spec['hostNetwork'],
    // The server has made a number of the class; a pod from before it was there has none.
    priority: spec['priority'] ?? 0,
    affinity: { podAffinity, podAntiAffinity },
  };
}

/** What the scheduler looks at of a pod that has no node yet. The server has put in what its RuntimeClass adds. */
function waitingPart(spec: Fields): Fields {
  const images = list(spec['volumes']).filter((volume) => fields(volume)['image'] !== undefined);
  return {
    ...sharedPart(spec, true),
    affinity: spec['affinity'],
    nodeSelector: spec['nodeSelector'],
    tolerations: spec['tolerations'],
    topologySpreadConstraints: spec['topologySpreadConstraints'],
    volumes: images,
  };
}

const GPU_ANNOTATION = /^alibabacloud\.com\/gpu-/;

/** The parts of a pod that placement looks at: equal for pods that are alike for every policy. */
export function podParts({ metadata, ...object }: KubeObject, isBound: boolean): Fields {
  const spec = fields(object['spec']);
  const annotations = Object.entries(fields(metadata['annotations'])).filter(([key]) =>
    GPU_ANNOTATION.test(key),
  );
  return {
    metadata: {
      namespace: metadata.namespace,
      labels: metadata['labels'],
      annotations: annotations.length === 0 ? undefined : Object.fromEntries(annotations),
    },
    spec: isBound ? sharedPart(spec) : waitingPart(spec),
  };
}
