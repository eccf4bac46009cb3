import type { KubeObject } from './kube-object.ts';
import { KEEP_AWAKE_ANNOTATION, MOVE_ANNOTATION } from './names.ts';

/** What decides whether a pod may be evicted, beside its owner's kind and its namespace. */
export interface PodTraits {
  /** Whether a controller makes another pod in its place. */
  readonly isControlled: boolean;
  /** Whether it keeps data on its node: an `emptyDir` or `hostPath` volume. */
  readonly hasLocalStorage: boolean;
  readonly keepsAwake: boolean;
  readonly move: 'allowed' | 'never' | undefined;
}

/** One object for all pods with the same. */
const shared = new Map<string, PodTraits>();

/** @example podTraits({ metadata: { name: 'a', uid: 'u', resourceVersion: '1' } }).isControlled; // false */
export function podTraits({ metadata, spec }: KubeObject): PodTraits {
  const { ownerReferences = [], annotations = {} } = metadata as {
    readonly ownerReferences?: readonly { readonly controller?: boolean }[];
    readonly annotations?: Readonly<Record<string, string>>;
  };
  const { volumes = [] } = (spec ?? {}) as { readonly volumes?: readonly object[] };
  const isControlled = ownerReferences.some(({ controller }) => controller === true);
  const hasLocalStorage = volumes.some((volume) => 'emptyDir' in volume || 'hostPath' in volume);
  const keepsAwake = annotations[KEEP_AWAKE_ANNOTATION] !== undefined;
  const says = annotations[MOVE_ANNOTATION];
  // Whatever is no leave to move it is taken for the wish that it stay.
  const move = says === undefined ? undefined : says === 'allowed' ? 'allowed' : 'never';
  const key = `${isControlled} ${hasLocalStorage} ${keepsAwake} ${move}`;
  const known = shared.get(key);
  if (known !== undefined) return known;
  const traits = { isControlled, hasLocalStorage, keepsAwake, move } as const;
  shared.set(key, traits);
  return traits;
}
