import { join } from 'node:path';
import type { ContainerFinding, ContainerSource } from './container-finding.ts';
import { SANDBOX_NAME } from './container-finding.ts';
import { listOptionalFolder, readOptionalFile, stringAt } from './optional-file.ts';

/** Where containerd's runtime v2 keeps the bundle of each task: NAMESPACE/ID/config.json. */
export const CONTAINERD_TASKS = 'run/containerd/io.containerd.runtime.v2.task';

const CRIO_STORES = [
  'run/containers/storage/overlay-containers',
  'var/lib/containers/storage/overlay-containers',
];

/** containerd: the annotations that its CRI plugin (pkg/cri/annotations) and nerdctl write into the OCI bundle. */
export function containerdNames(root: string): ContainerSource {
  const tasks = join(root, CONTAINERD_TASKS);
  return ({ containerId }) => {
    for (const namespace of listOptionalFolder(tasks)) {
      const text = readOptionalFile(join(tasks, namespace, containerId, 'config.json'));
      if (text === undefined) continue;
      return bundleFinding(JSON.parse(text), namespace);
    }
    return undefined;
  };
}

/** @param namespace of containerd */
export function bundleFinding(config: unknown, namespace: string): ContainerFinding {
  const annotation = (key: string) => stringAt(config, 'annotations', key);
  const isSandbox = annotation('io.kubernetes.cri.container-type') === 'sandbox';
  return {
    containerName: isSandbox
      ? SANDBOX_NAME
      : annotation('io.kubernetes.cri.container-name') || annotation('nerdctl/name'),
    // Docker's containers are tasks of containerd too.
    runtime: namespace === 'moby' ? 'docker' : 'containerd',
    podName: annotation('io.kubernetes.cri.sandbox-name'),
    podNamespace: annotation('io.kubernetes.cri.sandbox-namespace'),
  };
}

/** CRI-O: the annotations in the OCI configuration that it keeps beside its storage. */
export function crioNames(root: string): ContainerSource {
  return ({ containerId }) => {
    for (const store of CRIO_STORES) {
      const text = readOptionalFile(join(root, store, containerId, 'userdata/config.json'));
      const finding = text === undefined ? undefined : crioFinding(JSON.parse(text));
      if (finding !== undefined) return finding;
    }
    return undefined;
  };
}

function crioFinding(config: unknown): ContainerFinding | undefined {
  const annotation = (key: string) => stringAt(config, 'annotations', key);
  const type = annotation('io.kubernetes.cri-o.ContainerType');
  // podman keeps bundles in the same folders, without these annotations.
  if (type === '') return undefined;
  return {
    containerName: type === 'sandbox' ? SANDBOX_NAME : annotation('io.kubernetes.container.name'),
    runtime: 'cri-o',
    podName: annotation('io.kubernetes.pod.name'),
    podNamespace: annotation('io.kubernetes.pod.namespace'),
  };
}
