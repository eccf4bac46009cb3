import type { KubeApi } from '../kube-api.ts';
import type { KubeObject } from '../kube-object.ts';
import { setupObjects } from '../manifests/setup-objects.ts';
import { COMPONENT, MANAGED_BY_LABEL, OPT_IN_LABEL, OPT_IN_VALUE } from '../names.ts';
import { type ServerFeatures, serverFeatures } from '../server-features.ts';
import { demandSetupAccess } from './access.ts';
import { readObject } from './calls.ts';
import { setupErrors } from './errors.ts';
import { type OwnGating, presentGating } from './other-gating.ts';
import { ownPath } from './own-kinds.ts';
import { type PlannedObject, planObject } from './planned-object.ts';
import { checkRequest, type SetupRequest, webhookHost } from './request.ts';

/** A namespace that is to be opted in. */
export interface PlannedOptIn {
  readonly namespace: string;
  readonly action: 'change' | 'keep';
  /** What its label says now, where that is something else. */
  readonly before: string | undefined;
}

/** Everything that a set-up comes to, found out without writing anything. */
export interface SetupPlan {
  readonly cluster: string;
  readonly features: ServerFeatures;
  readonly gatesBy: 'policy' | 'webhook';
  readonly objects: readonly PlannedObject[];
  readonly optIn: readonly PlannedOptIn[];
  /** Gating of the other kind, which goes when the new one works. */
  readonly obsolete: readonly {
    readonly kind: string;
    readonly name: string;
    readonly paths: readonly string[];
  }[];
  readonly force: boolean;
  readonly notes: readonly string[];
}

/**
 * Looks at the cluster and plans what makes it as asked for; carried out twice it comes to the same, and what was begun and
 * not ended is completed.
 *
 * @throws KISIM_E_SETUP_..., KISIM_E_KUBE_... (no server, too old, token, certificate, forbidden)
 */
export async function planSetup(api: KubeApi, request: SetupRequest): Promise<SetupPlan> {
  checkRequest(request);
  const features = await serverFeatures(api);
  const gatesBy = chosenGating(request, features);
  const { namespace, force } = request;
  const hasPolicies = features.gatesBy === 'policy';
  await demandSetupAccess(api, { namespace, features: request.features, gatesBy, hasPolicies });
  const gating = await presentGating(api, namespace);
  const own = await readObject(api, `/api/v1/namespaces/${namespace}`);
  if (own?.metadata['deletionTimestamp'] !== undefined)
    throw setupErrors.KISIM_E_SETUP_TERMINATING(`namespace ${namespace}`);
  const isOwn = own === undefined || isOurs(own);
  const objects: PlannedObject[] = [];
  for (const object of wantedObjects(request, gatesBy)) {
    // Somebody's namespace stays somebody's: it would be deleted with the rest otherwise.
    if (object.kind === 'Namespace' && !isOwn) continue;
    const hasNamespace = object.metadata.namespace === undefined || own !== undefined;
    objects.push(await planObject(api, object, { force, hasNamespace }));
  }
  return {
    cluster: api.name,
    features,
    gatesBy,
    objects,
    optIn: await plannedOptIns(api, request.optIn),
    obsolete: gating.filter(({ kind }) => isPolicy(kind.kind) !== (gatesBy === 'policy')).map(obsolete),
    force,
    notes: isOwn ? [] : [`the namespace ${namespace} was there before; \`setup --remove\` will leave it`],
  };
}

function chosenGating({ gatesBy, webhook }: SetupRequest, features: ServerFeatures): 'policy' | 'webhook' {
  if (gatesBy === 'policy' && features.gatesBy === 'webhook')
    throw setupErrors.KISIM_E_SETUP_NO_POLICY(features.version.gitVersion);
  const chosen = gatesBy ?? features.gatesBy;
  if (chosen === 'webhook' && webhook === undefined)
    throw setupErrors.KISIM_E_SETUP_WEBHOOK_URL(
      `no --webhook-url, and ${features.version.gitVersion} needs a webhook`,
    );
  return chosen;
}

function wantedObjects({ namespace, features, webhook }: SetupRequest, gatesBy: 'policy' | 'webhook') {
  if (gatesBy === 'policy') return setupObjects({ namespace, features, gatesBy });
  const { url, authority } = webhook!;
  webhookHost(url);
  return setupObjects({ namespace, features, gatesBy: { address: { url }, authority } });
}

async function plannedOptIns(api: KubeApi, names: readonly string[]): Promise<readonly PlannedOptIn[]> {
  const planned: PlannedOptIn[] = [];
  for (const namespace of new Set(names)) {
    const found = await readObject(api, `/api/v1/namespaces/${namespace}`);
    if (found === undefined)
      throw setupErrors.KISIM_E_SETUP_OPT_IN(`${namespace}: not there`, {
        action: `make it (\`kubectl create namespace ${namespace}\`), or correct the name`,
      });
    if (found.metadata['deletionTimestamp'] !== undefined)
      throw setupErrors.KISIM_E_SETUP_OPT_IN(`${namespace}: is being deleted`);
    const before = labelsOf(found)[OPT_IN_LABEL];
    planned.push({ namespace, action: before === OPT_IN_VALUE ? 'keep' : 'change', before });
  }
  return planned;
}

function obsolete({ kind, object }: OwnGating): SetupPlan['obsolete'][number] {
  const { name } = object.metadata;
  const path = ownPath(kind, name);
  const binding = path.replace('/mutatingadmissionpolicies/', '/mutatingadmissionpolicybindings/');
  return { kind: kind.kind, name, paths: binding === path ? [path] : [binding, path] };
}

function isPolicy(kind: string): boolean {
  return kind.startsWith('MutatingAdmissionPolicy');
}

export function labelsOf({ metadata }: KubeObject): Readonly<Record<string, string>> {
  return (metadata['labels'] ?? {}) as Readonly<Record<string, string>>;
}

/** Whether `kisimd setup` made it. */
export function isOurs(object: KubeObject): boolean {
  return labelsOf(object)[MANAGED_BY_LABEL] === COMPONENT;
}
