import type { RandomStream } from '../../../src/util/rng.ts';
import type { Style } from './style.ts';
import {
  chance,
  nodeLabelKeys,
  nodeLabels,
  some,
  taintEffects,
  taintKeys,
  taintValues,
  topologyKeys,
} from './vocabulary.ts';

/** What a pod's constraints can refer to. */
export interface Scene {
  readonly random: RandomStream;
  readonly style: Style;
  readonly nodeNames: readonly string[];
  readonly namespaces: readonly string[];
  readonly appNames: readonly string[];
}

function nodeRequirement({ random }: Scene): object {
  const key = random.pick(nodeLabelKeys);
  const operator = ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'][
    random.weighted([6, 2, 2, 1, 1, 1])
  ]!;
  if (operator === 'Gt' || operator === 'Lt')
    return { key: 'generation', operator, values: [String(random.integer(9))] };
  if (operator === 'Exists' || operator === 'DoesNotExist') return { key, operator };
  const values = some(random, nodeLabels[key] as readonly string[], 0.6);
  return { key, operator, values: values.length > 0 ? values : [nodeLabels[key][0]] };
}

function nodeTerm(scene: Scene): object {
  const { random, nodeNames } = scene;
  const byName = chance(random, 0.08);
  const operator = chance(random, 0.3) ? 'In' : 'NotIn';
  const matchFields = [{ key: 'metadata.name', operator, values: [random.pick(nodeNames)] }];
  const matchExpressions = Array.from({ length: random.integer(3) + (byName ? 0 : 1) }, () =>
    nodeRequirement(scene),
  );
  return {
    ...(matchExpressions.length > 0 ? { matchExpressions } : {}),
    ...(byName ? { matchFields } : {}),
  };
}

export function randomNodeAffinity(scene: Scene): object | undefined {
  const { random, style } = scene;
  const required = chance(random, style.affinity * 0.4);
  const preferred = chance(random, style.affinity * 0.7);
  if (!required && !preferred) return undefined;
  const terms = (): object[] => Array.from({ length: 1 + random.integer(2) }, () => nodeTerm(scene));
  return {
    ...(required ? { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms() } } : {}),
    ...(preferred
      ? {
          preferredDuringSchedulingIgnoredDuringExecution: Array.from(
            { length: 1 + random.integer(3) },
            () => ({
              weight: 1 + random.integer(100),
              preference: nodeTerm(scene),
            }),
          ),
        }
      : {}),
  };
}

export function randomNodeSelector({ random, style }: Scene): Record<string, string> | undefined {
  if (!chance(random, style.affinity * 0.25)) return undefined;
  const key = random.pick(nodeLabelKeys);
  return { [key]: random.pick(nodeLabels[key]) };
}

export function randomTolerations({ random, style }: Scene): object[] {
  return Array.from({ length: chance(random, style.tainted) ? 1 + random.integer(3) : 0 }, () => {
    const effect = chance(random, 0.7) ? { effect: random.pick(taintEffects) } : {};
    if (chance(random, 0.08)) return { operator: 'Exists', ...effect };
    const key = random.pick(taintKeys);
    if (chance(random, 0.4)) return { key, operator: 'Exists', ...effect };
    const value = random.pick(taintValues);
    return {
      key,
      ...(chance(random, 0.5) ? { operator: 'Equal' } : {}),
      ...(value === '' ? {} : { value }),
      ...effect,
    };
  });
}

/** Mostly of the application itself or of another one; at times everything. */
export function podSelector({ random, appNames }: Scene, app: string): object {
  const draw = random.next();
  if (draw < 0.45) return { matchLabels: { app } };
  if (draw < 0.65) return { matchLabels: { app: random.pick(appNames) } };
  if (draw < 0.75) return { matchLabels: { team: random.pick(['red', 'blue']) } };
  if (draw < 0.95) {
    const operator = random.pick(['In', 'NotIn', 'Exists', 'DoesNotExist']);
    const values = operator.endsWith('In') ? { values: [random.pick(['red', 'blue'])] } : {};
    return { matchExpressions: [{ key: 'team', operator, ...values }] };
  }
  return {};
}

function podAffinityTerm(scene: Scene, app: string): object {
  const { random, namespaces } = scene;
  const keys = ['release', 'track'];
  const matched = some(random, keys, 0.15);
  const mismatched = keys.filter((key) => !matched.includes(key) && chance(random, 0.05));
  return {
    topologyKey: topologyKeys[random.weighted([5, 4, 2, 1])],
    ...(chance(random, 0.97) || matched.length + mismatched.length > 0
      ? { labelSelector: podSelector(scene, app) }
      : {}),
    ...(chance(random, 0.2) ? { namespaces: [random.pick(namespaces)] } : {}),
    ...(chance(random, 0.2)
      ? {
          namespaceSelector: chance(random, 0.3)
            ? {}
            : { matchLabels: { stage: random.pick(['test', 'live']) } },
        }
      : {}),
    ...(matched.length > 0 ? { matchLabelKeys: matched } : {}),
    ...(mismatched.length > 0 ? { mismatchLabelKeys: mismatched } : {}),
  };
}

export function randomPodAffinity(scene: Scene, app: string, requiredShare: number): object | undefined {
  const { random, style } = scene;
  const required = chance(random, style.podAffinity * requiredShare);
  const preferred = chance(random, style.podAffinity * 0.5);
  if (!required && !preferred) return undefined;
  return {
    ...(required
      ? {
          requiredDuringSchedulingIgnoredDuringExecution: Array.from(
            { length: chance(random, 0.2) ? 2 : 1 },
            () => podAffinityTerm(scene, app),
          ),
        }
      : {}),
    ...(preferred
      ? {
          preferredDuringSchedulingIgnoredDuringExecution: Array.from(
            { length: 1 + random.integer(2) },
            () => ({
              weight: 1 + random.integer(100),
              podAffinityTerm: podAffinityTerm(scene, app),
            }),
          ),
        }
      : {}),
  };
}

export function randomSpread(scene: Scene, app: string): object[] {
  const { random, style } = scene;
  if (!chance(random, style.spread)) return [];
  return some(random, topologyKeys, 0.4).map((topologyKey) => {
    const whenUnsatisfiable = chance(random, 0.5) ? 'DoNotSchedule' : 'ScheduleAnyway';
    const matchLabelKeys = chance(random, 0.2);
    const policy = (): string => random.pick(['Honor', 'Ignore']);
    return {
      topologyKey,
      whenUnsatisfiable,
      maxSkew: random.pick([1, 1, 1, 2, 3, 5]),
      ...(matchLabelKeys || chance(random, 0.97) ? { labelSelector: podSelector(scene, app) } : {}),
      ...(whenUnsatisfiable === 'DoNotSchedule' && chance(random, 0.3)
        ? { minDomains: 1 + random.integer(6) }
        : {}),
      ...(chance(random, 0.3) ? { nodeAffinityPolicy: policy() } : {}),
      ...(chance(random, 0.3) ? { nodeTaintsPolicy: policy() } : {}),
      ...(matchLabelKeys ? { matchLabelKeys: ['release'] } : {}),
    };
  });
}
