/** Everything that the program writes into a cluster carries this domain, so that it is told from others' and can be removed. */
export const DOMAIN = 'kisimd.io';

/** Who the program is to the API server: field manager, and component of its events. */
export const COMPONENT = 'kisimd';

/** The scheduling gate that holds a pod until its node is decided. The program removes this gate and never another. */
export const PLACEMENT_GATE = `${DOMAIN}/placement`;

/** Label of a namespace whose pods may be placed: `kisimd.io/placement=enabled`. */
export const OPT_IN_LABEL = `${DOMAIN}/placement`;
export const OPT_IN_VALUE = 'enabled';

/** Label of a pod that is left alone in an opted-in namespace; any value. */
export const SKIP_LABEL = `${DOMAIN}/skip`;

/** Label of a suspended Job that is to be placed and started: `kisimd.io/start=when-placed`. */
export const JOB_LABEL = `${DOMAIN}/start`;
export const JOB_LABEL_VALUE = 'when-placed';

/** The same, for one that is to be admitted from a queue first: `kisimd.io/start=when-admitted`. */
export const QUEUED_LABEL_VALUE = 'when-admitted';

/** Label of a Deployment whose replicas may be set: `kisimd.io/scale=enabled`. */
export const SCALE_LABEL = `${DOMAIN}/scale`;
export const SCALE_LABEL_VALUE = 'enabled';

/** By this name an AdmissionCheck of Kueue says that its workloads are the program's to admit. */
export const ADMISSION_CONTROLLER = `${DOMAIN}/admission`;

/** Label of a Deployment whose template is to prefer the nodes that work costs least on. Each change replaces its pods. */
export const PREFER_LABEL = `${DOMAIN}/prefer`;
export const PREFER_LABEL_VALUE = 'efficient-nodes';

/** Annotation of a pod or Job: how long its start may be held back, as `30m`. */
export const SLACK_ANNOTATION = `${DOMAIN}/slack`;
/** Annotation of a pod or Job: how long a pod is expected to run, as `2h`. */
export const DURATION_ANNOTATION = `${DOMAIN}/expected-duration`;

/** Annotation or label of a Job: its kind, such as `etl`. */
export const JOB_TYPE_ANNOTATION = `${DOMAIN}/job-type`;
/** Label of what `kisimd collect` makes, the namespace of its Jobs included: the name of the workload. */
export const COLLECT_LABEL = `${DOMAIN}/collect`;

/** Annotation of a pod or Job: the node that was chosen. */
export const NODE_ANNOTATION = `${DOMAIN}/node`;
/** Annotation of a pod or Job: who decided, as `IDENTITY#FENCING-TOKEN`. */
export const DECIDED_BY_ANNOTATION = `${DOMAIN}/decided-by`;
/** Annotation of a Job: its uid, once the program has started it. Who suspends it again keeps it suspended. */
export const STARTED_ANNOTATION = `${DOMAIN}/started`;
/** Annotation of a Deployment: the parts of its template's affinity that are the program's, as JSON. */
export const AFFINITY_ANNOTATION = `${DOMAIN}/affinity`;

/** Label of a node: its tier of efficiency. */
export const TIER_LABEL = `${DOMAIN}/efficiency`;
/** Taint (PreferNoSchedule) of the least efficient nodes. */
export const TIER_TAINT = `${DOMAIN}/inefficient`;

/** Annotation of a node: where it stands between awake and asleep, as JSON; it tells the program's cordon from others'. */
export const SLEEP_ANNOTATION = `${DOMAIN}/sleep`;
/** Annotation of a node that never goes to sleep, or of a pod whose node does not; any value. */
export const KEEP_AWAKE_ANNOTATION = `${DOMAIN}/keep-awake`;
/** Annotation of a pod: `allowed` or `never` evicted to save energy. */
export const MOVE_ANNOTATION = `${DOMAIN}/move`;

/** Label on every object that `kisimd setup` makes. */
export const MANAGED_BY_LABEL = 'app.kubernetes.io/managed-by';

export const DEFAULT_NAMESPACE = 'kisimd';
export const LEASE_NAME = 'kisimd';
/** Of the loops that run beside the placement loop, each with a leader of its own. */
export const AUTOSCALE_LEASE_NAME = 'kisimd-autoscale';
export const QUEUE_LEASE_NAME = 'kisimd-queue';
/** Of the ConfigMap that stops all placement while it is there and says so. */
export const PAUSE_CONFIG_MAP = 'kisimd-pause';
/** Where the webhook that gates pods is asked. */
export const WEBHOOK_PATH = '/gate';
