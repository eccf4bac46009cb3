import type { ApiNode } from './api-objects.ts';
import { type PatchOperation, pointer, sameObject, setEntries } from './json-patch.ts';
import { SLEEP_ANNOTATION } from './names.ts';

export interface SleepChange {
  /** The annotation that must stand there. */
  readonly expected: string | undefined;
  /** The annotation that is to stand there; undefined: none, and the cordon is left as it is. */
  readonly mark: string | undefined;
  readonly cordoned: boolean;
  /** Whether the cordon that is there, if any, is the program's own. */
  readonly ownsCordon: boolean;
}

/** `done`: it stands there already, by a write whose answer was lost; `changed`: somebody else has written since. */
export type SleepPatch = readonly PatchOperation[] | 'done' | 'changed';

/**
 * The one write that takes a node from one state of its sleep to the next: mark and cordon together, at the version that was
 * read. A node that somebody else has cordoned is not touched.
 */
export function sleepPatch({ metadata = {}, spec }: ApiNode, change: SleepChange): SleepPatch {
  const { expected, mark, cordoned, ownsCordon } = change;
  const { annotations } = metadata;
  const present = annotations?.[SLEEP_ANNOTATION];
  const isCordoned = spec?.unschedulable === true;
  if (present === mark && present !== expected && (mark === undefined || isCordoned === cordoned))
    return 'done';
  if (present !== expected) return 'changed';
  if (mark === undefined)
    return [
      ...sameObject(metadata),
      { op: 'remove', path: pointer('metadata', 'annotations', SLEEP_ANNOTATION) },
    ];
  if (cordoned && isCordoned && !ownsCordon) return 'changed';
  return [
    ...sameObject(metadata),
    ...setEntries(['metadata', 'annotations'], annotations, { [SLEEP_ANNOTATION]: mark }),
    ...cordon(spec, isCordoned, cordoned),
  ];
}

function cordon(spec: ApiNode['spec'], isCordoned: boolean, cordoned: boolean): readonly PatchOperation[] {
  if (isCordoned === cordoned) return [];
  if (!cordoned) return [{ op: 'remove', path: '/spec/unschedulable' }];
  return [
    spec === undefined
      ? { op: 'add', path: '/spec', value: { unschedulable: true } }
      : { op: 'add', path: '/spec/unschedulable', value: true },
  ];
}
