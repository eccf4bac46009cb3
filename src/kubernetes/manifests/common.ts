import type { ObjectMeta } from '../api-objects.ts';
import { COMPONENT, MANAGED_BY_LABEL } from '../names.ts';

/** By which everything that was set up is found again. */
export const ownLabels: Readonly<Record<string, string>> = {
  'app.kubernetes.io/name': COMPONENT,
  [MANAGED_BY_LABEL]: COMPONENT,
};

export function ownMetadata(name: string, namespace?: string): ObjectMeta & { readonly name: string } {
  return { name, ...(namespace === undefined ? {} : { namespace }), labels: ownLabels };
}
