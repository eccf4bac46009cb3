import type { BaseLoad } from '../../cluster/base-load.ts';
import { BaseLoaded } from '../../cluster/base-load.ts';
import type { Node } from '../../cluster/node.ts';
import { clusterDigest } from '../../policy/learned/cluster-digest.ts';
import { STEADY } from '../../simulation/generators/arrivals.ts';
import { errors } from '../errors.ts';
import { type ClusterTwinPlan, type TwinUncertainty, usualUncertainty } from './cluster-twin.ts';
import {
  classesOf,
  loadOf,
  type ObservedPod,
  predictionSigma,
  rhythmOf,
  shapeOf,
  slackOf,
  standingOf,
  USUAL,
  useLimit,
  useSigma,
  type Watch,
} from './observed-pods.ts';
import { saveNodes } from './saved-node.ts';

export interface ObservedCluster {
  /** For people. */
  readonly name: string;
  /** As they are, with their power. */
  readonly nodes: readonly Node[];
  /** What belongs to a node wherever pods go: DaemonSets and their like. */
  readonly bases: ReadonlyMap<string, BaseLoad>;
  readonly pods: readonly ObservedPod[];
}

const HOUR = 3600;
const DAY = 86_400;

const LEAST_WATCH_SECONDS = HOUR;
const LEAST_ENDED = 20;
/** A pod of before so long, of which kind none has ever ended, is there for good. */
const STANDING_AGE_SECONDS = 6 * HOUR;
export interface ObservedTwinOptions {
  /** Exactly as observed, with nothing drawn around it. */
  readonly exact: boolean;
  /** Share of the CPU that pods which come and go ask for, in place of what was seen. */
  readonly load?: number;
}

/**
 * The twin of a cluster whose pods were watched: how often pods of each kind come, what they ask for and use, how long they last,
 * how wrong their predictions are, when of the day they come, and how long they may wait. Pods that never end stand.
 *
 * @throws KISIM_E_LEARNING_HISTORY where that says too little, KISIM_E_LEARNING_TWIN
 */
export function watchedTwin(
  observed: ObservedCluster,
  watch: Watch,
  options: ObservedTwinOptions,
): ClusterTwinPlan {
  const assumptions: string[] = [];
  const seconds = watch.toSeconds - watch.fromSeconds;
  const pods = usable(observed, assumptions);
  const { standing, moving } = apart(pods, watch);
  const arrived = moving.filter(({ createdSeconds }) => createdSeconds >= watch.fromSeconds);
  const ended = arrived.filter(({ endedSeconds }) => endedSeconds !== undefined);
  if (seconds < LEAST_WATCH_SECONDS || ended.length < LEAST_ENDED)
    throw errors.KISIM_E_LEARNING_HISTORY(
      `${(seconds / HOUR).toFixed(1)} h without a break, ${ended.length} pods that came and ended in it`,
    );
  const rhythm = rhythmOf(arrived, seconds, assumptions);
  const slack = slackOf(arrived);
  const sigma = predictionSigma(ended);
  if (sigma === undefined)
    assumptions.push(
      'pods do not say how long they run: predictions are taken to be off by 30 %, as a standard deviation',
    );
  return planOf(observed, {
    classes: classesOf(arrived, assumptions),
    useSigma: useSigma(arrived),
    useLimit: useLimit(arrived),
    load: options.load ?? loadOf(moving, observed.nodes, watch),
    standing: standingOf(standing),
    rhythm,
    windowSeconds: rhythm.amplitude > 0 || slack.share > 0 ? DAY : DAY / 2,
    slack,
    predictionSigma: sigma ?? USUAL.predictionSigma,
    exact: options.exact,
    assumptions,
  });
}

/**
 * The twin of a cluster of which only this moment is known: nodes, and pods as they are now. That they come and go, and how
 * fast, is taken as usual.
 *
 * @throws KISIM_E_LEARNING_TWIN
 */
export function momentTwin(observed: ObservedCluster, options: ObservedTwinOptions): ClusterTwinPlan {
  const assumptions = [
    'how long pods last is not known: batch is taken to last 30 minutes, services 2.5 hours (medians)',
    'how often pods come is not known: as often as keeps as much running as there is now',
    'predictions are taken to be off by 30 %, as a standard deviation; no daily rhythm',
  ];
  const pods = usable(observed, assumptions);
  if (pods.length === 0) throw errors.KISIM_E_LEARNING_TWIN('no pods that could be placed');
  const capacity = observed.nodes.reduce((sum, { cpuMilli }) => sum + cpuMilli, 0);
  // Kinds that last long are seen more often than they come.
  const classes = classesOf(pods, assumptions);
  const weighed = classes.map((each) => ({ ...each, share: each.share / each.medianSeconds }));
  const sum = weighed.reduce((total, { share }) => total + share, 0);
  return planOf(observed, {
    classes: weighed.map((each) => ({ ...each, share: each.share / sum })),
    useSigma: useSigma(pods),
    useLimit: useLimit(pods),
    load: options.load ?? pods.reduce((total, { cpuMilli }) => total + cpuMilli, 0) / capacity,
    standing: [],
    rhythm: STEADY,
    windowSeconds: slackOf(pods).share > 0 ? DAY : DAY / 2,
    slack: slackOf(pods),
    predictionSigma: USUAL.predictionSigma,
    exact: options.exact,
    assumptions,
  });
}

type Fitted = Pick<
  ClusterTwinPlan,
  | 'classes'
  | 'useSigma'
  | 'useLimit'
  | 'load'
  | 'standing'
  | 'rhythm'
  | 'windowSeconds'
  | 'slack'
  | 'predictionSigma'
  | 'assumptions'
> & { readonly exact: boolean };

function planOf({ name, nodes, bases }: ObservedCluster, { exact, ...fitted }: Fitted): ClusterTwinPlan {
  const loaded = new BaseLoaded();
  const { predictionSigma: sigma } = fitted;
  const uncertainty: TwinUncertainty = {
    ...usualUncertainty,
    prediction: [
      Math.max(usualUncertainty.prediction[0], sigma),
      Math.max(usualUncertainty.prediction[1], 2 * sigma),
    ],
  };
  return {
    kind: 'cluster',
    name,
    digest: clusterDigest(nodes),
    ...saveNodes(
      nodes.map((node) => {
        const base = bases.get(node.name);
        return base === undefined ? node : loaded.node(node, base);
      }),
    ),
    ...fitted,
    ...(exact ? {} : { uncertainty }),
  };
}

/** Pods that can be placed at all, on the nodes that there are. */
function usable({ nodes, pods }: ObservedCluster, assumptions: string[]): readonly ObservedPod[] {
  const fits = ({ cpuMilli, memoryBytes }: ObservedPod) =>
    nodes.some((node) => node.cpuMilli >= cpuMilli && node.memoryBytes >= memoryBytes);
  const asking = pods.filter(({ cpuMilli }) => cpuMilli > 0);
  if (asking.length < pods.length)
    assumptions.push(`${pods.length - asking.length} pods ask for no CPU and are left out`);
  const small = asking.filter(fits);
  if (small.length < asking.length)
    assumptions.push(`${asking.length - small.length} pods fit on none of the nodes and are left out`);
  return small;
}

/** Pods that stay, and pods that come and go. */
function apart(
  pods: readonly ObservedPod[],
  { fromSeconds, toSeconds }: Watch,
): { readonly standing: readonly ObservedPod[]; readonly moving: readonly ObservedPod[] } {
  const longest = new Map<string, number>();
  for (const pod of pods)
    if (pod.endedSeconds !== undefined)
      longest.set(
        shapeOf(pod),
        Math.max(longest.get(shapeOf(pod)) ?? 0, pod.endedSeconds - pod.createdSeconds),
      );
  const stands = (pod: ObservedPod) => {
    if (pod.endedSeconds !== undefined) return false;
    const age = toSeconds - pod.createdSeconds;
    const known = longest.get(shapeOf(pod));
    if (known !== undefined) return age > 3 * known;
    return pod.createdSeconds < fromSeconds || age > STANDING_AGE_SECONDS;
  };
  return { standing: pods.filter(stands), moving: pods.filter((pod) => !stands(pod)) };
}
