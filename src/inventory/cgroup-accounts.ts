import type { ProcessTick } from '../native/process-scanner.ts';
import type { Logger } from '../util/log.ts';
import { entityOfNode, nodeKey } from './account-entity.ts';
import type { AccountTable } from './account-table.ts';
import type { CgroupNode } from './cgroup-class.ts';
import type { CgroupMounts } from './cgroup-mounts.ts';
import type { ContainerFinding } from './container-finding.ts';
import type { ContainerNames } from './container-names.ts';
import { inventoryErrors } from './errors.ts';
import type { LivingPlaces } from './living-places.ts';
import type { NameQueue } from './name-queue.ts';
import type { CounterHierarchy, ProcessCgroup } from './process-cgroup.ts';
import { isPlace, isWithin, placeKey } from './process-cgroup.ts';

const USER_ID = /\/user(?:-(\d+)\.slice|@(\d+)\.service)(?:\/|$)/;
/** Ids that runtimes draw at random; all others are names already. */
const RANDOM_ID = /^[0-9a-f]{64}$/;

/** Makes the accounts of the cgroups that processes lie in, and names them. */
export class CgroupAccounts {
  readonly #table: AccountTable;
  readonly #mounts: CgroupMounts;
  readonly #names: ContainerNames;
  readonly #queue: NameQueue;
  readonly #living: LivingPlaces;
  readonly #log: Logger;
  #toldMixed = false;
  #toldInvisible = false;

  constructor(
    table: AccountTable,
    mounts: CgroupMounts,
    names: ContainerNames,
    queue: NameQueue,
    living: LivingPlaces,
    log: Logger,
  ) {
    this.#table = table;
    this.#mounts = mounts;
    this.#names = names;
    this.#queue = queue;
    this.#living = living;
    this.#log = log;
  }

  /** The account of a process's cgroup; makes it and those above it where they are new. */
  ensure(cgroup: ProcessCgroup, tick: ProcessTick): number {
    const { hierarchy, nodes } = cgroup;
    const table = this.#table;
    const chain = [0];
    for (const [index, node] of nodes.entries()) {
      const matters = isPlace(node) || index === nodes.length - 1;
      const parent = chain.at(-1)!;
      const existing = table.find(nodeKey(node));
      if (existing === undefined) {
        // Slices of a hierarchy without counters would only stand in the way of those that have one.
        if (hierarchy !== 'none' || matters) chain.push(this.#create(node, parent, cgroup));
        continue;
      }
      if (node.kind === 'vm') this.#releaseScope(existing, node);
      table.renewCounter(existing, tick);
      const unseeing = this.#unseeing(existing, cgroup);
      // Counters that do not see this process cannot stand above it: it keeps out of their way, or they go.
      if (unseeing.length > 0 && !matters) continue;
      for (const id of unseeing) this.#dropCounter(id);
      chain.push(existing);
    }
    const account = chain.at(-1)!;
    this.#dropBystanders(cgroup, account);
    return account;
  }

  /** An account and those above it whose counters the CPU time of a process does not pass through. */
  #unseeing(account: number, cgroup: ProcessCgroup): number[] {
    const result: number[] = [];
    for (let id = account; id !== 0; id = this.#table.account(id).parent) {
      const hierarchy = this.#table.hierarchyOf(id);
      if (hierarchy === 'none' || this.#table.account(id).group < 0) continue;
      if (!isWithin(cgroup.paths[hierarchy], this.#table.pathOf(id) ?? '')) result.push(id);
    }
    return result;
  }

  /**
   * A process can be seen by counters that know nothing of the account it is charged to: on some hybrid hosts all
   * containers lie in the v2 cgroup of their runtime's service. Such a counter would charge them twice.
   */
  #dropBystanders(cgroup: ProcessCgroup, account: number): void {
    for (const key of cgroup.within) {
      const id = this.#table.findCounted(key);
      if (id !== undefined && !this.#isAbove(id, account)) this.#dropCounter(id);
    }
  }

  #isAbove(id: number, account: number): boolean {
    let current = account;
    while (current !== id && current !== 0) current = this.#table.account(current).parent;
    return current === id;
  }

  /** An empty scope is no guest's any more; its next emulator makes it one again. */
  #releaseScope(id: number, node: CgroupNode): void {
    if (this.#table.processesOf(id) > 0 || this.#table.account(id).entity?.kind !== 'vm') return;
    this.#table.setEntity(id, entityOfNode(node, ''));
  }

  #create(node: CgroupNode, parent: number, cgroup: ProcessCgroup): number {
    const { hierarchy } = cgroup;
    const { path } = node;
    const seen = path === undefined || this.#seesOthers(hierarchy, path);
    const counter = seen ? undefined : this.#mounts.counterOf(hierarchy, path);
    if (!seen && counter === undefined) this.#tellInvisible(hierarchy, path);
    const pod = this.#table.find(`pod:${node.podUid}`);
    const namespace = pod === undefined ? '' : (this.#table.account(pod).entity?.namespace ?? '');
    const entity = entityOfNode(node, namespace);
    const id = this.#table.add({ key: entity.key, parent, entity, hierarchy, path, counter });
    if (node.kind === 'container' && RANDOM_ID.test(node.id)) {
      this.#queue.add(() => this.#nameContainer(id, entity.key, userIdOf(node)));
    } else if (node.kind === 'pod') {
      this.#queue.add(() => this.#namePod(id, entity.key));
    }
    return id;
  }

  /** Whether a new account's counter would see living processes: they are charged to others already. */
  #seesOthers(hierarchy: CounterHierarchy, path: string): boolean {
    if (hierarchy === 'none' || !this.#living.isInhabited(placeKey(hierarchy, path))) return false;
    this.#tellMixed(path);
    return true;
  }

  #dropCounter(id: number): void {
    if (this.#table.account(id).group < 0) return;
    this.#table.dropCounter(id);
    this.#tellMixed(this.#table.pathOf(id));
  }

  #tellInvisible(hierarchy: CounterHierarchy, path: string): void {
    if (hierarchy === 'none' || this.#mounts.mounts.length === 0 || this.#toldInvisible) return;
    this.#toldInvisible = true;
    const error = inventoryErrors.KISIM_E_CGROUP_COUNTER(`${path}: outside of every cgroup mount`);
    this.#log.warn('cgroup-not-visible', { error });
  }

  #tellMixed(cgroup: string | undefined): void {
    if (this.#toldMixed) return;
    this.#toldMixed = true;
    this.#log.info('cgroup-hierarchies-mixed', { cgroup });
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
