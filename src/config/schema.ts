import type { Config } from './config.ts';
import {
  decimal,
  duration,
  integer,
  listOf,
  oneOf,
  optionalText,
  type Setting,
  text,
  toggle,
  wattsByZone,
} from './setting.ts';
import { sourceNames } from './source-name.ts';

type SettingsOf<T> = { readonly [K in keyof T]-?: Setting<T[K]> };
type Sections = { readonly [S in keyof Config]: SettingsOf<Config[S]> };

/**
 * Every setting there is, in the order of `Config`. Checks, environment variables, `config show` and the manual
 * are all made from this.
 */
export const sections: Sections = {
  node: {
    name: text(
      'Name of this machine in metrics and in the history. In a cluster: the name of the Kubernetes node.',
    ),
  },
  roots: {
    proc: text("Where the host's /proc is mounted; differs inside a container.", 'a path'),
    sys: text("Where the host's /sys is mounted.", 'a path'),
    root: text(
      "Where the host's root file system is mounted; names of containers and pods are looked up there.",
      'a path',
    ),
  },
  meter: {
    intervalMilliseconds: duration(
      'milliseconds',
      { min: 20, max: 60_000 },
      'Time between two readings. Above 60 s a RAPL counter could wrap twice unseen.',
    ),
    sources: listOf(
      sourceNames,
      'Sources of energy in the order they are tried. The first that works meters the CPU; hwmon and nvml are added ' +
        'to it. estimated is used only where it is in the list and nothing could be measured.',
    ),
    energySamplingHz: integer(
      { min: 0, max: 1000 },
      'Rate of the fast RAPL sampler, which sees peaks inside an interval; 0 reads once an interval.',
    ),
    recording: optionalText('Folder of a capture, for the source recorded.', 'a path, or nothing'),
    nvmlLibrary: text("NVIDIA's management library, as dlopen finds it.", 'a file name or path'),
    stormExitsPerSecond: integer(
      { min: 1, max: 1_000_000 },
      'Above this rate of process exits the meter stops following each and relies on the counters of cgroups.',
    ),
    reconcileSeconds: duration(
      'seconds',
      { min: 1, max: 3600 },
      'How often the whole of /proc is listed, to repair what events may have missed.',
    ),
    processClock: oneOf(
      ['cpu-clock', 'stat'],
      "How a process's CPU time is read: its CPU clock (exact; the host's own /proc) or /proc/PID/stat (10 ms steps; " +
        'captured or synthetic trees).',
    ),
  },
  attribution: {
    idle: oneOf(
      ['separate', 'split'],
      'What becomes of idle energy: a bucket of its own, or split over whoever runs, by CPU time.',
    ),
    idleWatts: wattsByZone(
      'Idle power of zones where it is known, such as package-0; learned for the others.',
    ),
    forgettingHours: duration(
      'hours',
      { min: 0.1, max: 8760 },
      'After this time an observation counts for 1/e in the learned idle power.',
    ),
    smtFactor: decimal(
      { min: 0, max: 1 },
      "Extra power of a core's second busy thread, as a share of the first one's.",
    ),
  },
  history: {
    enabled: toggle('Whether what was metered is kept.'),
    path: text('The database file.', 'a path'),
    recentHours: duration('hours', { min: 1, max: 48 }, 'How long values by the second stay as plain rows.'),
    blockDays: duration(
      'days',
      { min: 1, max: 36_500 },
      'How long values by the second stay as compressed blocks.',
    ),
    minuteDays: duration('days', { min: 1, max: 36_500 }, 'How long values by the minute stay.'),
    processMinuteDays: duration(
      'days',
      { min: 1, max: 36_500 },
      'How long values by the minute stay for processes.',
    ),
    hourDays: duration('days', { min: 1, max: 36_500 }, 'How long values by the hour stay.'),
    decisionDays: duration('days', { min: 1, max: 36_500 }, 'How long decisions about pods stay.'),
    busyTimeoutMilliseconds: duration(
      'milliseconds',
      { min: 0, max: 60_000 },
      'How long to wait for another program that holds the database.',
    ),
  },
  export: {
    enabled: toggle('Whether to serve /metrics, /healthz, /readyz and the data of `top`.'),
    host: text(
      'Address to listen on. Beyond loopback only if set so here; there is no authentication.',
      'an address',
    ),
    port: integer({ min: 0, max: 65_535 }, 'Port to listen on; 0 lets the system choose.'),
    zeroEnergyProcesses: toggle('Whether /metrics also lists processes that burnt nothing.'),
    processMetrics: listOf(['joules', 'watts', 'seconds'], 'Families of metrics exported for each process.'),
  },
  kubernetes: {
    kubeconfig: optionalText(
      'The kubeconfig of the cluster. Where it is not set: KUBECONFIG, ~/.kube/config, or the service account of the pod.',
      'a path, or nothing',
    ),
    context: optionalText('Its context; where it is not set, the current one.'),
    namespace: text("The program's own namespace in the cluster: its lease and its emergency stop."),
    prometheusUrl: optionalText(
      'A Prometheus that keeps the energy of nodes that this host does not meter itself: its address, with the path that a ' +
        'proxy puts before it, and `user:password@` where it asks for them.',
      'an http(s) address, or nothing',
    ),
    prometheusQuery: text(
      'What it is asked for: joules since any beginning, by node, with a label node_name, node or instance.',
      'PromQL',
    ),
    prometheusTokenFile: optionalText(
      'File that holds the bearer token for it, as a service account has one.',
      'a path, or nothing',
    ),
    prometheusCaFile: optionalText(
      "File with certificates of authorities to trust for it beside the system's, PEM.",
      'a path, or nothing',
    ),
    prometheusScrapeSeconds: duration(
      'seconds',
      { min: 1, max: 3600 },
      'How often it scrapes the nodes (its scrape_interval). A node whose joules stand still for longer than two of these is missing.',
    ),
    podUse: oneOf(
      ['auto', 'kubelet', 'metrics', 'off'],
      "Where the CPU use of pods on other nodes comes from: the kubelet's summary, metrics-server, or the first that works.",
    ),
    webhookHost: text(
      'Address where the daemon listens as a webhook that gates pods, for API servers before 1.36. It listens only where ' +
        '`kisimd setup` has made certificates for it.',
      'an address',
    ),
    webhookPort: integer({ min: 1, max: 65_535 }, 'Its port.'),
    webhookFolder: optionalText(
      'The folder with its certificates. Where it is not set: `webhook` beside the history.',
      'a path, or nothing',
    ),
  },
  placement: {
    cluster: oneOf(
      ['auto', 'live', 'simulated', 'off'],
      'Which cluster the placement loop serves. auto: the live one where a kubeconfig or a service account is found, ' +
        'otherwise a simulated one, marked so everywhere.',
    ),
    mode: oneOf(
      ['act', 'dry-run', 'shadow'],
      'act: places gated pods. shadow: decides, records, and frees them as they are. dry-run: writes nothing.',
    ),
    policy: text(
      'What places pods. auto: the best that is known for this cluster, by simulation of it (docs/user/training.md). Otherwise a rule, by ' +
        'its name in docs/developer/policies.md; `learned` is the model that was trained for this cluster, `model:PATH` the one of a file.',
      'a policy',
    ),
    fallback: optionalText('The rule for pods that the policy fails on.', 'a policy, or nothing'),
    reference: optionalText('The rule that decisions are compared with.', 'a policy, or nothing'),
    strength: oneOf(
      ['preferred', 'required'],
      'How the node of a decision is written: as a preference, which the scheduler may overrule, or as a requirement.',
    ),
    deadlineSeconds: duration(
      'seconds',
      { min: 0.5, max: 300 },
      'After this time from its creation a gated pod without slack is freed as it is, whatever else happens.',
    ),
    longestSlackSeconds: duration(
      'seconds',
      { min: 0, max: 86_400 },
      'The most slack that a pod is given, whatever it says itself.',
    ),
    mostInFlight: integer({ min: 1, max: 256 }, 'Writes to the API server at a time.'),
    nodeTable: optionalText(
      'A YAML file that tells the power curves of nodes, and whether they may sleep.',
      'a path, or nothing',
    ),
    estimateMissingPower: toggle(
      'Whether a node of which nothing is known gets a power curve by its CPUs, marked estimated. Otherwise energy ' +
        'policies refuse such a cluster.',
    ),
    ownerSelectors: toggle(
      'Whether Services, ReplicaSets and the like are watched too: the kube-scheduler rule then spreads pods that belong ' +
        'together as the default scheduler does. Other rules do without.',
    ),
    jobs: toggle('Whether suspended Jobs that ask for it are placed and started.'),
    deployments: toggle(
      'Whether templates of Deployments that ask for it are given preferences; this rolls their pods.',
    ),
    nodeAdvice: toggle(
      'Whether nodes are labelled by efficiency and the poor ones tainted PreferNoSchedule.',
    ),
    model: optionalText(
      'The model of the policy `learned` for clusters that `kisimd model use` has none for.',
      'a path, or nothing',
    ),
    guardShare: decimal(
      { min: 0, max: 1000 },
      "By what share the predicted energy of a model's node may exceed that of the node of the rule that its training began at; " +
        "beyond it the rule's node is taken. 5: six times as much. Small shares take away what was learned: that it can pay " +
        'to place a pod dearer now.',
    ),
  },
  sleep: {
    enabled: toggle('Whether empty nodes are cordoned and put to sleep, and woken for pods that wait.'),
    sleepCommand: optionalText(
      'Puts a node to sleep; {node} stands for its name. No shell reads it.',
      'a program with its arguments, or nothing',
    ),
    wakeCommand: optionalText('Wakes a node; as the former.', 'a program with its arguments, or nothing'),
    emptySeconds: duration('seconds', { min: 0, max: 86_400 }, 'How long a node must have been empty.'),
    minimumAwakeSeconds: duration(
      'seconds',
      { min: 0, max: 86_400 },
      'A node that was woken stays awake so long.',
    ),
    minimumAsleepSeconds: duration(
      'seconds',
      { min: 0, max: 86_400 },
      'A node that sleeps is left to for so long, unless pods wait.',
    ),
    wakeTimeoutSeconds: duration(
      'seconds',
      { min: 1, max: 3600 },
      'A node that is not ready so long after it was woken counts as failed, and is told.',
    ),
    spareNodes: integer({ min: 0, max: 1000 }, 'Nodes that stay awake although they are empty.'),
    drain: toggle(
      'Whether nodes are emptied by eviction, within disruption budgets; otherwise only empty ones sleep.',
    ),
  },
  training: {
    scheduleHours: duration(
      'hours',
      { min: 0, max: 8760 },
      "How often a policy is trained anew from this daemon's own history, in a process of the lowest priority; 0: never. It is put " +
        'to use only where it is proven better than the one in use.',
    ),
    budgetSeconds: duration('seconds', { min: 30, max: 604_800 }, 'About how long such a training takes.'),
  },
  replacement: {
    enabled: toggle('Whether running pods are evicted where that saves more than it costs.'),
    evictionsPerHour: integer({ min: 1, max: 10_000 }, 'The most evictions in an hour.'),
    restartJoules: decimal(
      { min: 0, max: 1e9 },
      'What a restart costs beside the work that is done again, in joules.',
    ),
    paybackSeconds: duration(
      'seconds',
      { min: 1, max: 604_800 },
      'A move must have paid for itself after so long.',
    ),
  },
  log: {
    level: oneOf(['debug', 'info', 'warn', 'error'], 'The least severe event that is logged.'),
  },
};
