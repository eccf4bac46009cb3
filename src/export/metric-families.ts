import type { MetricFamily } from '../util/exposition.ts';

function counter(name: string, help: string, ...labels: string[]): MetricFamily {
  return { name, type: 'counter', help, labels };
}

function gauge(name: string, help: string, ...labels: string[]): MetricFamily {
  return { name, type: 'gauge', help, labels };
}

const node = ['zone', 'path', 'node_name', 'source'];
const gpu = ['gpu_uuid', 'vendor', 'node_name', 'source'];

/** Series of the machine, with the names and labels of Kepler. */
export const nodeFamilies = {
  joules: counter('kepler_node_cpu_joules_total', 'Energy of a zone in joules', ...node),
  watts: gauge('kepler_node_cpu_watts', 'Power of a zone in watts in the last interval', ...node),
  activeJoules: counter(
    'kepler_node_cpu_active_joules_total',
    'Energy of a zone above idle in joules',
    ...node,
  ),
  activeWatts: gauge('kepler_node_cpu_active_watts', 'Power of a zone above idle in watts', ...node),
  idleJoules: counter('kepler_node_cpu_idle_joules_total', 'Idle energy of a zone in joules', ...node),
  idleWatts: gauge('kepler_node_cpu_idle_watts', 'Idle power of a zone in watts', ...node),
  usage: gauge('kepler_node_cpu_usage_ratio', 'Share of the CPU time that was worked, 0 to 1', 'node_name'),
  gpuJoules: counter('kepler_node_gpu_joules_total', 'Energy of a GPU in joules', ...gpu),
  gpuWatts: gauge('kepler_node_gpu_watts', 'Power of a GPU in watts in the last interval', ...gpu),
  gpuActiveJoules: counter(
    'kepler_node_gpu_active_joules_total',
    'Energy of a GPU above idle in joules',
    ...gpu,
  ),
  gpuActiveWatts: gauge('kepler_node_gpu_active_watts', 'Power of a GPU above idle in watts', ...gpu),
  gpuIdleJoules: counter('kepler_node_gpu_idle_joules_total', 'Idle energy of a GPU in joules', ...gpu),
  gpuIdleWatts: gauge('kepler_node_gpu_idle_watts', 'Idle power of a GPU in watts', ...gpu),
  cpuInfo: gauge(
    'kepler_node_cpu_info',
    'Always 1; what /proc/cpuinfo says of a processor',
    'processor',
    'vendor_id',
    'model_name',
    'physical_id',
    'core_id',
    'node_name',
  ),
  platformWatts: gauge(
    'kepler_platform_watts',
    'Power of the whole board in watts, from a sensor that is not part of the CPU',
    'source',
    'node_name',
    'power_control_id',
  ),
} as const satisfies Record<string, MetricFamily>;

/** The families of one kind of entity. */
export interface EntityFamilies {
  readonly joules: MetricFamily;
  readonly watts: MetricFamily;
  readonly seconds: MetricFamily;
  readonly gpuJoules: MetricFamily;
  readonly gpuWatts: MetricFamily;
}

function entityFamilies(prefix: string, what: string, labels: readonly string[]): EntityFamilies {
  return {
    joules: counter(`${prefix}_cpu_joules_total`, `Energy of ${what} in joules`, ...labels, 'zone', 'source'),
    watts: gauge(
      `${prefix}_cpu_watts`,
      `Power of ${what} in watts, last interval`,
      ...labels,
      'zone',
      'source',
    ),
    seconds: counter(`${prefix}_cpu_seconds_total`, `CPU time of ${what} in seconds`, ...labels),
    gpuJoules: counter(
      `${prefix}_gpu_joules_total`,
      `GPU energy of ${what} in joules`,
      ...labels,
      'gpu_uuid',
      'source',
    ),
    gpuWatts: gauge(
      `${prefix}_gpu_watts`,
      `GPU power of ${what} in watts, last interval`,
      ...labels,
      'gpu_uuid',
      'source',
    ),
  };
}

export const entityFamiliesByKind = {
  process: entityFamilies('kepler_process', 'a process', [
    'pid',
    'comm',
    'exe',
    'type',
    'state',
    'container_id',
    'vm_id',
    'account',
  ]),
  container: entityFamilies('kepler_container', 'a container', [
    'container_id',
    'container_name',
    'runtime',
    'state',
    'pod_id',
    'node_name',
  ]),
  vm: entityFamilies('kepler_vm', 'a virtual machine', [
    'vm_id',
    'vm_name',
    'hypervisor',
    'state',
    'pod_id',
    'node_name',
  ]),
  pod: entityFamilies('kepler_pod', 'a pod', ['pod_id', 'pod_name', 'pod_namespace', 'state', 'node_name']),
  unit: entityFamilies('kisimd_unit', 'a systemd unit', ['unit', 'cgroup', 'state', 'node_name']),
} as const satisfies Record<string, EntityFamilies>;

/** Series of this program's own. */
export const ownFamilies = {
  keplerBuild: gauge(
    'kepler_build_info',
    'Always 1; the labels tell what answers',
    'version',
    'program',
    'arch',
  ),
  build: gauge(
    'kisimd_build_info',
    'Always 1; the labels tell the version',
    'version',
    'node_version',
    'arch',
  ),
  zone: gauge(
    'kisimd_zone_info',
    'Always 1; where the energy of a zone comes from and whether it is part of the sum of the node',
    'zone',
    'kind',
    'source',
    'provenance',
    'counted',
    'exclusion',
    'socket',
    'path',
    'description',
  ),
  zoneJoules: counter('kisimd_zone_joules_total', 'Energy of a zone in joules, by its id', 'zone'),
  zoneUnattributed: counter(
    'kisimd_zone_unattributed_joules_total',
    'Energy of a zone above idle that is charged to no process, in joules',
    'zone',
  ),
  zoneIdleState: gauge(
    'kisimd_zone_idle_state',
    '1 for the way in which the idle power of the zone is known: set, learned or provisional',
    'zone',
    'state',
  ),
  zoneGaps: counter(
    'kisimd_zone_gaps_total',
    'Intervals in which the energy of a zone is unknown',
    'zone',
    'reason',
  ),
  nodeJoules: counter('kisimd_node_joules_total', 'Energy of all counted zones in joules'),
  nodeUnattributed: counter(
    'kisimd_node_unattributed_joules_total',
    'Energy of all counted zones above idle that is charged to no process, in joules',
  ),
  interval: gauge('kisimd_interval_seconds', 'Length of the last interval in seconds'),
  intervals: counter('kisimd_intervals_total', 'Intervals measured since start'),
  lateTicks: counter(
    'kisimd_late_ticks_total',
    'Ticks of the meter that came a whole interval late; their time is in the interval that follows',
  ),
  lastInterval: gauge(
    'kisimd_last_interval_timestamp_seconds',
    'End of the last interval, seconds since 1970',
  ),
  processes: gauge('kisimd_processes', 'Processes alive at the end of the last interval'),
  remarks: counter(
    'kisimd_remarks_total',
    'Remarks on intervals (storm, scan-failed, clock-set-back)',
    'remark',
  ),
  unlisted: gauge(
    'kisimd_unlisted_process_joules',
    'Energy of the known processes that have no series because each has burnt too little',
  ),
  notExported: counter(
    'kisimd_export_dropped_shares_total',
    'Shares of processes beyond the limit of the exporter',
  ),
  scanner: gauge(
    'kisimd_scanner_info',
    'Always 1; how births and exits of processes are seen',
    'births',
    'exits',
  ),
  storm: gauge(
    'kisimd_scanner_storm',
    '1 while a storm of short processes holds the scanner in its cheaper tier',
  ),
  overruns: counter('kisimd_scanner_overruns_total', 'Times that the kernel dropped process events'),
  unreadable: gauge('kisimd_scanner_unreadable_processes', 'Processes of which a file cannot be read'),
  historyBacklog: gauge(
    'kisimd_history_backlog_batches',
    'Batches, of about a second each, that wait to be stored',
  ),
  historyDropped: counter(
    'kisimd_history_dropped_seconds_total',
    'Seconds of history that could not be stored',
  ),
} as const satisfies Record<string, MetricFamily>;

/** Of the placement loop. What is of no real cluster has `cluster="simulated"`, and its energy `source="simulated"` too. */
export const placementFamilies = {
  info: gauge(
    'kisimd_placement_info',
    'Always 1; the labels tell which cluster the placement loop serves and how',
    'cluster',
    'mode',
    'policy',
    'state',
  ),
  paused: gauge('kisimd_placement_paused', '1 while placement is paused', 'cluster'),
  trouble: gauge('kisimd_placement_trouble', '1 while something is wrong with the cluster', 'cluster'),
  nodes: gauge('kisimd_placement_nodes', 'Nodes that the placement loop knows', 'cluster'),
  pods: gauge('kisimd_placement_pods', 'Pods that the placement loop knows', 'cluster'),
  held: gauge('kisimd_placement_held_pods', 'Pods that wait at the gate', 'cluster'),
  decisions: counter(
    'kisimd_placement_decisions_total',
    'Pods by what became of them: placed, observed (recorded only) or freed without a node, for a reason',
    'cluster',
    'outcome',
    'reason',
  ),
  simulatedJoules: counter(
    'kisimd_simulated_joules_total',
    'Energy of the simulated nodes by the rule that places the pods; role: the loop, or a twin with the same pods',
    'cluster',
    'policy',
    'role',
    'source',
  ),
  simulatedWatts: gauge(
    'kisimd_simulated_watts',
    'Power of the simulated nodes at this moment, by rule',
    'cluster',
    'policy',
    'role',
    'source',
  ),
} as const satisfies Record<string, MetricFamily>;

/** Every family that `/metrics` can show, in the order of the page. */
export function allFamilies(): readonly MetricFamily[] {
  return [
    ...Object.values(nodeFamilies),
    ...Object.values(entityFamiliesByKind).flatMap((families) => Object.values(families)),
    ...Object.values(ownFamilies),
    ...Object.values(placementFamilies),
  ];
}
