import type { ProcessTick } from '../native/process-scanner.ts';
import type { Logger } from '../util/log.ts';
import { entityOfNode, nodeKey } from './account-entity.ts';
import type { AccountTable } from './account-table.ts';
import type { CgroupNode } from './cgroup-class.ts';
import type { CgroupMounts } from './cgroup-mounts.ts';
import type { ContainerFinding } from './container-finding.ts';
import type { ContainerNames } from './container-names.ts';
import type { NameQueue } from './name-queue.ts';
import type { ProcessCgroup } from './process-cgroup.ts';
import { isPlace } from './process-cgroup.ts';

const USER_ID = /\/user(?:-(\d+)\.slice|@(\d+)\.service)(?:\/|$)/;
/** Ids that runtimes draw at random; all others are names already. */
const RANDOM_ID = /^[0-9a-f]{64}$/;

/** Makes the accounts of the cgroups that processes lie in, and names them. */
export class CgroupAccounts {
  readonly #table: AccountTable;
  readonly #mounts: CgroupMounts;
  readonly #names: ContainerNames;
  readonly #queue: NameQueue;
  readonly #log: Logger;
  #toldMixed = false;

  constructor(
    table: AccountTable,
    mounts: CgroupMounts,
    names: ContainerNames,
    queue: NameQueue,
    log: Logger,
  ) {
    this.#table = table;
    this.#mounts = mounts;
    this.#names = names;
    this.#queue = queue;
    this.#log = log;
  }

  /** The account of a process's cgroup; makes it and those above it where they are new. */
  ensure(cgroup: ProcessCgroup, tick: ProcessTick): number {
    const { hierarchy, nodes } = cgroup;
    const table = this.#table;
    let account = 0;
    for (const [index, node] of nodes.entries()) {
      const matters = isPlace(node) || index === nodes.length - 1;
      const existing = table.find(nodeKey(node));
      if (existing !== undefined && node.kind === 'vm') this.#releaseScope(existing, node);
      if (existing === undefined) {
        // Slices of a hierarchy without counters would only stand in the way of those that have one.
        if (hierarchy !== 'none' || matters) account = this.#create(node, account, cgroup);
      } else if (table.hierarchyOf(existing) === hierarchy) {
        table.renewCounter(existing, tick);
        account = existing;
      } else if (matters) {
        // Some of its processes are counted in one hierarchy and some in another: no counter has them all.
        if (table.hierarchyOf(existing) !== 'none') this.#dropCounter(existing);
        account = existing;
      }
      // Any other account of that name has its counter elsewhere: not all of our CPU time passes through it.
    }
    return account;
  }

  /** An empty scope is no guest's any more; its next emulator makes it one again. */
  #releaseScope(id: number, node: CgroupNode): void {
    if (this.#table.processesOf(id) > 0 || this.#table.account(id).entity?.kind !== 'vm') return;
    this.#table.setEntity(id, entityOfNode(node, ''));
  }

  #create(node: CgroupNode, parent: number, cgroup: ProcessCgroup): number {
    const { hierarchy } = cgroup;
    const counter = node.path === undefined ? undefined : this.#mounts.counterOf(hierarchy, node.path);
    const pod = this.#table.find(`pod:${node.podUid}`);
    const namespace = pod === undefined ? '' : (this.#table.account(pod).entity?.namespace ?? '');
    const entity = entityOfNode(node, namespace);
    const id = this.#table.add({ key: entity.key, parent, entity, hierarchy, counter });
    if (node.kind === 'container' && RANDOM_ID.test(node.id)) {
      this.#queue.add(() => this.#nameContainer(id, entity.key, userIdOf(node)));
    } else if (node.kind === 'pod') {
      this.#queue.add(() => this.#namePod(id, entity.key));
    }
    return id;
  }

  #dropCounter(id: number): void {
    this.#table.dropCounter(id);
    if (this.#toldMixed) return;
    this.#toldMixed = true;
    this.#log.info('cgroup-hierarchies-mixed', { entity: this.#table.account(id).entity?.key });
  }

  /** True when nothing more can be learned: all is known, or the container is gone. */
  #nameContainer(id: number, key: string, userId: number | undefined): boolean {
    const entity = this.#table.accounts[id]?.entity;
    if (entity?.key !== key) return true;
    const { containerId, podUid } = entity;
    const finding = this.#names.find({ containerId, podUid, userId });
    const named = {
      ...entity,
      name: finding.containerName || entity.name,
      namespace: finding.podNamespace || entity.namespace,
      runtime: finding.runtime || entity.runtime,
    };
    if (
      named.name !== entity.name ||
      named.namespace !== entity.namespace ||
      named.runtime !== entity.runtime
    ) {
      this.#table.setEntity(id, named);
    }
    this.#applyPod(podUid, finding);
    return finding.containerName !== '' && (podUid === '' || finding.podName !== '');
  }

  #namePod(id: number, key: string): boolean {
    const entity = this.#table.accounts[id]?.entity;
    if (entity?.key !== key || entity.namespace !== '') return true;
    const finding = this.#names.findPod(entity.podUid);
    this.#applyPod(entity.podUid, finding);
    return finding.podName !== '';
  }

  #applyPod(podUid: string, finding: ContainerFinding): void {
    const id = podUid === '' || finding.podName === '' ? undefined : this.#table.find(`pod:${podUid}`);
    const entity = id === undefined ? undefined : this.#table.account(id).entity;
    if (id === undefined || entity === undefined || entity.namespace !== '') return;
    this.#table.setEntity(id, { ...entity, name: finding.podName, namespace: finding.podNamespace });
  }
}

function userIdOf(node: CgroupNode): number | undefined {
  const match = USER_ID.exec(node.path ?? '');
  const digits = match?.[1] ?? match?.[2];
  return digits === undefined ? undefined : Number(digits);
}
