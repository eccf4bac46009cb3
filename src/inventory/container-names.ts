import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../util/errors.ts';
import type { HostRoots } from '../util/host-roots.ts';
import type { Logger } from '../util/log.ts';
import type { ContainerFinding, ContainerQuestion, ContainerSource } from './container-finding.ts';
import { mergeFindings, NOTHING_FOUND } from './container-finding.ts';
import { ContainerdShims } from './containerd-shims.ts';
import { dockerNames } from './docker-names.ts';
import { inventoryErrors } from './errors.ts';
import { kubeletLogNames } from './kubelet-log-names.ts';
import { CONTAINERD_TASKS, containerdNames, crioNames } from './oci-bundle-names.ts';
import { podmanNames } from './podman-names.ts';

/**
 * Names of containers and pods from what runtimes and the kubelet leave on this host's disk; no daemon and no API
 * server is asked. Each question costs a few file reads: ask once for each new container.
 */
export class ContainerNames {
  /** To be told of every birth and exit. */
  readonly shims: ContainerdShims;
  readonly #root: string;
  readonly #log: Logger;
  readonly #sources: readonly (readonly [string, ContainerSource])[];
  readonly #told = new Set<string>();

  constructor({ root, proc }: Pick<HostRoots, 'root' | 'proc'>, log: Logger) {
    this.shims = new ContainerdShims(proc, root);
    this.#root = root;
    this.#log = log;
    // Bundles first: they tell pod and container in one file, from the moment the container starts.
    this.#sources = [
      ['containerd', containerdNames(root)],
      ['containerd shims', this.shims.find],
      ['docker', dockerNames(root)],
      ['cri-o', crioNames(root)],
      ['podman', podmanNames(root)],
      ['kubelet logs', kubeletLogNames(root)],
    ];
  }

  /** All that the sources tell together; fields that none tells are ''. Never throws. */
  find(question: ContainerQuestion): ContainerFinding {
    let result = NOTHING_FOUND;
    for (const [name, source] of this.#sources) {
      const podKnown = question.podUid === '' || result.podName !== '';
      if (podKnown && result.containerName !== '') break;
      result = mergeFindings(result, this.#ask(name, source, question));
    }
    return result;
  }

  /** Name and namespace of a pod alone, '' where not known. */
  findPod(podUid: string): ContainerFinding {
    const question = { containerId: '', podUid, userId: undefined };
    return this.#ask('kubelet logs', kubeletLogNames(this.#root), question) ?? NOTHING_FOUND;
  }

  /** Whether containerd has a task of that id now. */
  hasTask(namespace: string, id: string): boolean {
    return existsSync(join(this.#root, CONTAINERD_TASKS, namespace, id));
  }

  #ask(name: string, source: ContainerSource, question: ContainerQuestion): ContainerFinding | undefined {
    try {
      return source(question);
    } catch (cause) {
      // A runtime rewrites its files while it works: half a JSON text is read again at the next attempt.
      const reason = systemErrorCode(cause) ?? (cause instanceof SyntaxError ? 'malformed JSON' : undefined);
      if (reason === undefined) throw cause;
      const found = `${name}: ${reason}`;
      if (!this.#told.has(found)) {
        this.#told.add(found);
        this.#log.warn('container-names-refused', {
          error: inventoryErrors.KISIM_E_CONTAINER_NAMES(found, { cause }),
        });
      }
      return undefined;
    }
  }
}
