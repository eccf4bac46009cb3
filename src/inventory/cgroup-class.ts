import { unescapeUnitName } from './systemd-escape.ts';

export type CgroupKind = 'root' | 'slice' | 'unit' | 'pod' | 'container' | 'vm';

/** '' = a container of a runtime that the path does not tell (the cgroupfs driver of the kubelet). */
export type ContainerRuntime = 'docker' | 'containerd' | 'cri-o' | 'podman' | 'lxc' | 'nspawn' | '';

export type QosClass = 'guaranteed' | 'burstable' | 'besteffort' | '';

/** A cgroup on the way to a process that somebody would ask about by name. */
export interface CgroupNode {
  readonly kind: Exclude<CgroupKind, 'root'>;
  /** Path in its hierarchy; undefined for a pod that has no cgroup of its own (`...-podUID.slice:cri-containerd:ID`). */
  readonly path: string | undefined;
  /** Identity within its kind that does not depend on the hierarchy: path without `..`, container id, pod uid. */
  readonly id: string;
  /** Unescaped last segment, container id, pod uid, or the guest name in a libvirt scope. Never empty. */
  readonly name: string;
  readonly runtime: ContainerRuntime;
  /** Ids of the container and the pod that it lies in or is; '' where none. */
  readonly containerId: string;
  readonly podUid: string;
  readonly qos: QosClass;
}

/** The innermost node of a path, and all nodes from the outermost to it. */
export interface CgroupClass {
  readonly kind: CgroupKind;
  readonly name: string;
  readonly runtime: ContainerRuntime;
  readonly containerId: string;
  readonly podUid: string;
  readonly qos: QosClass;
  readonly nodes: readonly CgroupNode[];
}

/** Tells whether containerd has a task of that id; needed for namespaces other than its usual ones. */
export type TaskLookup = (namespace: string, id: string) => boolean;

const HEX_ID = '[0-9a-f]{64}';
const CONTAINER = new RegExp(`^(?:(.+)-)?(${HEX_ID})(?:\\.scope)?$`);
/** runc's `parent:prefix:name` taken literally by the cgroupfs driver. */
const COLON_CONTAINER = /^(.*):([^:]+):([^:]+)$/;
/** A uid of the API server, or the 32-digit configuration hash of a static pod. */
const POD =
  /^(?:.+-)?pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12}|[0-9a-f]{32})(?:\.slice)?$/;
const KUBEPODS = /(?:^|-)kubepods(?:[-.]|$)/;
const QOS = /(?:^|-)(burstable|besteffort)(?:[-.]|$)/;
const UNIT = /\.(?:service|scope|socket|mount|swap)$/;
const LIBVIRT_V1 = /^(?:qemu-\d+-)?(.+)\.libvirt-qemu$/;
const LIBVIRT_LXC_V1 = /^(?:lxc-\d+-)?(.+)\.libvirt-lxc$/;
const MACHINE_SCOPE = /^machine-(.+)\.scope$/;

const RUNTIME_OF_PREFIX: ReadonlyMap<string, ContainerRuntime> = new Map<string, ContainerRuntime>(
  Object.entries({
    docker: 'docker',
    'cri-dockerd': 'docker',
    crio: 'cri-o',
    'cri-containerd': 'containerd',
    containerd: 'containerd',
    nerdctl: 'containerd',
    libpod: 'podman',
    'libpod-payload': 'podman',
  }),
);
const RUNTIME_OF_PARENT: ReadonlyMap<string, ContainerRuntime> = new Map<string, ContainerRuntime>(
  Object.entries({
    docker: 'docker',
    moby: 'docker',
    actions_job: 'docker',
    containerd: 'containerd',
    libpod_parent: 'podman',
  }),
);
/** containerd's own namespaces become top-level cgroups under the cgroupfs driver (`ctr run`: /default/NAME). */
const CONTAINERD_NAMESPACES: readonly string[] = ['default', 'k8s.io', 'nerdctl'];

interface Found {
  readonly kind: 'pod' | 'container' | 'vm';
  readonly id: string;
  readonly name: string;
  readonly runtime: ContainerRuntime;
}

/**
 * Tells what a cgroup path stands for, by the naming of systemd, Docker, containerd, CRI-O, podman, LXC, libvirt and
 * the kubelet (both cgroup drivers). Pure: names nothing that the path itself does not tell.
 *
 * A container in a container (kind, Docker in Docker) gives both as nodes; the innermost counts. What a runtime makes
 * inside a container (`/container`, `/init.scope`) belongs to the container. conmon beside a container is not the
 * container.
 *
 * @example
 * classifyCgroup('/system.slice/docker-<64 hex digits>.scope').runtime; // 'docker'
 */
export function classifyCgroup(path: string, hasTask: TaskLookup = () => false): CgroupClass {
  const walk = new CgroupWalk(hasTask);
  const segments = path.split('/');
  // A path given without its leading slash is one of the same form.
  let prefix = '';
  const clean: string[] = [];
  const nodes: CgroupNode[] = [];
  const names = segments.filter((segment) => segment !== '' && segment !== '..');
  for (const segment of segments) {
    if (segment === '') continue;
    prefix += `/${segment}`;
    if (segment === '..') continue;
    clean.push(segment);
    walk.step(clean, prefix, clean.length === names.length, nodes);
  }
  const last = nodes.at(-1);
  if (last === undefined) {
    return { kind: 'root', name: '/', runtime: '', containerId: '', podUid: '', qos: '', nodes };
  }
  const { kind, name, runtime, containerId, podUid, qos } = last;
  return { kind, name, runtime, containerId, podUid, qos, nodes };
}

class CgroupWalk {
  readonly #hasTask: TaskLookup;
  #kubepods = false;
  #qos: QosClass = 'guaranteed';
  #podUid = '';
  #containerId = '';
  /** Inside a pod, container or VM the names of services and slices are its own business. */
  #enclosed = false;
  #inUnit = false;

  constructor(hasTask: TaskLookup) {
    this.#hasTask = hasTask;
  }

  step(clean: readonly string[], path: string, isLast: boolean, nodes: CgroupNode[]): void {
    const segment = clean.at(-1)!;
    if (KUBEPODS.test(segment) && !this.#kubepods) {
      this.#kubepods = true;
      this.#qos = 'guaranteed';
    }
    if (this.#kubepods) {
      const qos = QOS.exec(segment)?.[1];
      if (qos !== undefined) this.#qos = qos as QosClass;
    }
    const colon = COLON_CONTAINER.exec(segment);
    if (colon !== null && RUNTIME_OF_PREFIX.has(colon[2]!)) {
      const pod = this.#pod(colon[1]!);
      if (pod !== undefined) this.#push(nodes, pod, undefined);
      const id = colon[3]!;
      this.#push(
        nodes,
        { kind: 'container', id, name: id, runtime: RUNTIME_OF_PREFIX.get(colon[2]!)! },
        path,
      );
      return;
    }
    const found = this.#pod(segment) ?? findContainer(clean, this.#hasTask) ?? findVm(clean);
    if (found !== undefined) this.#push(nodes, found, path);
    else if (!this.#enclosed) this.#pushUnit(clean, path, isLast, nodes);
  }

  #pod(segment: string): Found | undefined {
    if (!this.#kubepods) return undefined;
    const uid = POD.exec(segment)?.[1]?.replaceAll('_', '-');
    return uid === undefined ? undefined : { kind: 'pod', id: uid, name: uid, runtime: '' };
  }

  #push(nodes: CgroupNode[], found: Found, path: string | undefined): void {
    if (found.kind === 'pod') this.#podUid = found.id;
    if (found.kind === 'container') this.#containerId = found.id;
    const qos = this.#podUid === '' ? '' : this.#qos;
    nodes.push({ ...found, path, containerId: this.#containerId, podUid: this.#podUid, qos });
    // A container may hold a kubelet with pods of its own.
    if (found.kind === 'container') this.#kubepods = false;
    this.#enclosed = true;
  }

  #pushUnit(clean: readonly string[], path: string, isLast: boolean, nodes: CgroupNode[]): void {
    const segment = clean.at(-1)!;
    const isUnit = UNIT.test(segment);
    // Every level is kept: what a process burns passes through all counters above it. Only what a service makes
    // below itself is its own business.
    if (this.#inUnit && !isUnit) return;
    const kind = segment.endsWith('.slice') || !(isUnit || isLast) ? 'slice' : 'unit';
    if (isUnit) this.#inUnit = true;
    const id = `/${clean.join('/')}`;
    nodes.push({
      kind,
      path,
      id,
      name: unescapeUnitName(segment),
      runtime: '',
      containerId: '',
      podUid: '',
      qos: '',
    });
  }
}

function findContainer(clean: readonly string[], hasTask: TaskLookup): Found | undefined {
  const segment = clean.at(-1)!;
  const parent = clean.at(-2) ?? '';
  const named = (id: string, runtime: ContainerRuntime): Found => ({
    kind: 'container',
    id,
    name: id,
    runtime,
  });

  const hex = CONTAINER.exec(segment);
  if (hex !== null) {
    const prefix = hex[1];
    // conmon watches the container from outside; the container may burn nothing while conmon does.
    if (prefix?.endsWith('conmon')) return undefined;
    const id = hex[2]!;
    if (prefix !== undefined) return named(id, RUNTIME_OF_PREFIX.get(prefix) ?? '');
    if (isContainerdTask(clean, hasTask)) return named(id, 'containerd');
    return named(id, RUNTIME_OF_PARENT.get(parent) ?? '');
  }
  if (segment.startsWith('lxc.payload.') && segment.length > 12) return named(segment.slice(12), 'lxc');
  if (parent === 'lxc.payload' || (parent === 'lxc' && clean.length === 2)) return named(segment, 'lxc');
  if (parent === 'buildkit' && clean.at(-3) === 'docker') return named(segment, 'docker');
  const libvirt = LIBVIRT_LXC_V1.exec(segment)?.[1];
  if (libvirt !== undefined) return named(unescapeUnitName(libvirt), 'lxc');
  const machine = machineName(segment);
  if (machine !== undefined && !machine.startsWith('qemu-')) {
    const lxc = /^lxc-\d+-(.+)$/.exec(machine)?.[1];
    return lxc === undefined ? named(machine, 'nspawn') : named(lxc, 'lxc');
  }
  if (isContainerdTask(clean, hasTask)) {
    const id = parent === 'default' ? segment : `${parent}/${segment}`;
    return { kind: 'container', id, name: segment, runtime: 'containerd' };
  }
  return undefined;
}

function isContainerdTask(clean: readonly string[], hasTask: TaskLookup): boolean {
  if (clean.length !== 2) return false;
  const [namespace, id] = clean as [string, string];
  if (namespace.endsWith('.slice') || id.endsWith('.slice')) return false;
  return CONTAINERD_NAMESPACES.includes(namespace) || hasTask(namespace, id);
}

function findVm(clean: readonly string[]): Found | undefined {
  const segment = clean.at(-1)!;
  const guest =
    /^qemu-\d+-(.+)$/.exec(machineName(segment) ?? '')?.[1] ??
    LIBVIRT_V1.exec(unescapeUnitName(segment))?.[1] ??
    (clean.at(-2) === 'qemu' && clean.at(-3) === 'libvirt' ? segment : undefined);
  if (guest === undefined) return undefined;
  return { kind: 'vm', id: `/${clean.join('/')}`, name: guest, runtime: '' };
}

/** systemd-machined puts machines into `machine-ESCAPED.scope`. */
function machineName(segment: string): string | undefined {
  const escaped = MACHINE_SCOPE.exec(segment)?.[1];
  return escaped === undefined ? undefined : unescapeUnitName(escaped);
}
