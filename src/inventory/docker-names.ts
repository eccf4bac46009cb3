import { join } from 'node:path';
import type { ContainerSource } from './container-finding.ts';
import { SANDBOX_NAME } from './container-finding.ts';
import { readOptionalFile, stringAt } from './optional-file.ts';

/** Docker: the file that its daemon keeps for each container; under Kubernetes with cri-dockerd's labels. */
export function dockerNames(root: string): ContainerSource {
  return ({ containerId }) => {
    const text = readOptionalFile(join(root, 'var/lib/docker/containers', containerId, 'config.v2.json'));
    if (text === undefined) return undefined;
    const config: unknown = JSON.parse(text);
    const label = (key: string) => stringAt(config, 'Config', 'Labels', key);
    const isSandbox = label('io.kubernetes.docker.type') === 'podsandbox';
    const ownName = stringAt(config, 'Name').replace(/^\//, '');
    return {
      containerName: isSandbox ? SANDBOX_NAME : label('io.kubernetes.container.name') || ownName,
      runtime: 'docker',
      podName: label('io.kubernetes.pod.name'),
      podNamespace: label('io.kubernetes.pod.namespace'),
    };
  };
}
