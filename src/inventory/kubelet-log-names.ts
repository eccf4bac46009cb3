import { join } from 'node:path';
import type { ContainerFinding, ContainerSource } from './container-finding.ts';
import { NOTHING_FOUND } from './container-finding.ts';
import { listOptionalFolder } from './optional-file.ts';

/** Names in Kubernetes hold no `_`, so it separates them safely (pkg/kubelet/kuberuntime/helpers.go). */
const POD_FOLDER = /^([^_]+)_([^_]+)_([^_]+)$/;
const CONTAINER_LINK = /^([^_]+)_([^_]+)_(.+)-([0-9a-f]{64})\.log$/;

/**
 * The kubelet's log folders, the same for every runtime: `var/log/pods/NAMESPACE_POD_UID` and links
 * `var/log/containers/POD_NAMESPACE_CONTAINER-ID.log`. Sandboxes have no log.
 */
export function kubeletLogNames(root: string): ContainerSource {
  return ({ containerId, podUid }) => {
    const link = containerId === '' ? undefined : containerLink(root, containerId);
    if (link !== undefined || podUid === '') return link;
    return podFolder(root, podUid);
  };
}

function containerLink(root: string, containerId: string): ContainerFinding | undefined {
  const ending = `-${containerId}.log`;
  for (const name of listOptionalFolder(join(root, 'var/log/containers'))) {
    const match = name.endsWith(ending) ? CONTAINER_LINK.exec(name) : null;
    if (match === null) continue;
    const [, podName, podNamespace, containerName] = match as unknown as [string, string, string, string];
    return { containerName, runtime: '', podName, podNamespace };
  }
  return undefined;
}

function podFolder(root: string, podUid: string): ContainerFinding | undefined {
  const ending = `_${podUid}`;
  for (const name of listOptionalFolder(join(root, 'var/log/pods'))) {
    const match = name.endsWith(ending) ? POD_FOLDER.exec(name) : null;
    if (match !== null) return { ...NOTHING_FOUND, podNamespace: match[1]!, podName: match[2]! };
  }
  return undefined;
}
