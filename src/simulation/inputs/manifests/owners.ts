import type { LabelSelector, Labels } from '../../../cluster/labels.ts';
import type { Located } from './located.ts';
import { readLabelSelector, selectorOf } from './selectors.ts';

export interface Service {
  readonly namespace: string;
  readonly selector: Labels;
}

/** The controller that an object names as its owner, as `ReplicaSet/web`. */
export function controllerOf(manifest: Located): string | undefined {
  const owner = manifest
    .get('metadata')
    .get('ownerReferences')
    .items()
    .find((each) => each.get('controller').boolean());
  return owner === undefined ? undefined : `${owner.get('kind').text()}/${owner.get('name').text()}`;
}

/** Kinds whose selectors count for the default spreading; a Job's and a DaemonSet's do not. */
const spreading = new Set(['ReplicaSet', 'ReplicationController', 'StatefulSet']);

/**
 * Which pods belong together: those of a Service, and those of a controller (DefaultSelector in
 * pkg/scheduler/framework/plugins/helper/spread.go).
 */
export class Owners {
  readonly #services: Service[] = [];
  readonly #controllers = new Map<string, LabelSelector>();

  addService(manifest: Located, namespace: string): void {
    const selector = manifest.get('spec').get('selector').textMap();
    // A Service without a selector has no pods, rather than all.
    if (Object.keys(selector).length > 0) this.#services.push({ namespace, selector });
  }

  addController(kind: string, namespace: string, name: string, selector: LabelSelector): void {
    if (spreading.has(kind)) this.#controllers.set(`${namespace}/${kind}/${name}`, selector);
  }

  selectorFor(namespace: string, labels: Labels, controller: string | undefined): LabelSelector | undefined {
    const merged: Record<string, string> = {};
    for (const service of this.#services) {
      if (service.namespace !== namespace) continue;
      const pairs = Object.entries(service.selector);
      if (pairs.every(([key, value]) => labels[key] === value)) Object.assign(merged, service.selector);
    }
    const own = controller === undefined ? undefined : this.#controllers.get(`${namespace}/${controller}`);
    const selector = [...selectorOf(merged), ...(own ?? [])];
    return selector.length === 0 ? undefined : selector;
  }
}

/** What a controller selects by. A ReplicationController's selector is plain labels, by default its template's. */
export function controllerSelector(kind: string, manifest: Located): LabelSelector {
  const spec = manifest.get('spec');
  const selector = spec.get('selector');
  if (kind === 'ReplicationController') {
    const template = spec.get('template').get('metadata').get('labels');
    return selectorOf((selector.present ? selector : template).textMap());
  }
  const read = readLabelSelector(selector);
  if (read === undefined) throw selector.invalid(`a ${kind} needs a selector`);
  return read;
}
