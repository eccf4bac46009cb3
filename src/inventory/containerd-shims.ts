import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { ProcessRecord } from '../native/process-scanner.ts';
import { systemErrorCode } from '../util/errors.ts';
import type { ContainerFinding, ContainerQuestion, ContainerSource } from './container-finding.ts';
import { mergeFindings } from './container-finding.ts';
import { dockerNames } from './docker-names.ts';
import { kubeletLogNames } from './kubelet-log-names.ts';
import { bundleFinding } from './oci-bundle-names.ts';
import { readOptionalFile } from './optional-file.ts';

/** comm holds 15 characters: of `containerd-shim-runc-v2` just these. */
const COMM = 'containerd-shim';

interface Shim {
  readonly namespace: string;
  /** Identities of the folder that its bundle lies in and of its root; undefined = not looked at yet. */
  place: { readonly bundles: string; readonly root: string } | undefined;
}

/**
 * Names from containerds whose folders lie elsewhere than usual: k3s, MicroK8s, and the nodes of Minikube and kind, which
 * are containers with file systems of their own. Every shim works in the bundle of its first container
 * (containerd/pkg/shim), so /proc/PID/cwd leads to that container's neighbours, whatever mount namespace they are in.
 * Needs CAP_SYS_PTRACE where the shims are not one's own (proc_pid_cwd(5)).
 */
export class ContainerdShims {
  readonly #proc: string;
  readonly #root: string;
  readonly #shims = new Map<number, Shim>();

  constructor(proc: string, root: string) {
    this.#proc = proc;
    this.#root = root;
  }

  /** Takes note of a process that was born, if it is a shim. */
  see({ pid, comm, cmdline }: ProcessRecord): void {
    if (!comm.startsWith(COMM)) return;
    const words = cmdline.split('\0');
    if (!basename(words[0] ?? '').startsWith(COMM)) return;
    const option = words.findIndex((word) => word === '-namespace' || word === '--namespace');
    this.#shims.set(pid, { namespace: words[option + 1] ?? '', place: undefined });
  }

  forget(pid: number): void {
    this.#shims.delete(pid);
  }

  /** Asks one shim for each containerd. Throws where the shims of none may be looked at. */
  readonly find: ContainerSource = (question) => {
    const ownRoot = this.#shims.size === 0 ? undefined : identity(this.#root);
    const asked = new Set<string>();
    for (const [pid, shim] of this.#shims) {
      shim.place ??= this.#placeOf(pid);
      if (shim.place === undefined) continue;
      const { bundles, root } = shim.place;
      if (asked.has(bundles)) continue;
      asked.add(bundles);
      const found = this.#ask(pid, shim, root === ownRoot, question);
      if (found !== undefined) return found;
    }
    return undefined;
  };

  #ask(
    pid: number,
    { namespace }: Shim,
    ownRoot: boolean,
    question: ContainerQuestion,
  ): ContainerFinding | undefined {
    // Not joined: what `..` means, the kernel must say.
    const text = readOptionalFile(`${this.#proc}/${pid}/cwd/../${question.containerId}/config.json`);
    if (text === undefined) return undefined;
    let finding = bundleFinding(JSON.parse(text), namespace);
    if (ownRoot) return finding;
    const root = join(this.#proc, String(pid), 'root');
    for (const source of [dockerNames(root), kubeletLogNames(root)]) {
      if (finding.containerName !== '' && finding.podName !== '') break;
      finding = mergeFindings(finding, source(question));
    }
    return finding;
  }

  /** undefined where the shim is just ending. */
  #placeOf(pid: number): Shim['place'] {
    const bundles = identity(`${this.#proc}/${pid}/cwd/..`);
    const root = identity(join(this.#proc, String(pid), 'root'));
    return bundles === undefined || root === undefined ? undefined : { bundles, root };
  }
}

function identity(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}
