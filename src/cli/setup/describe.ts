import { type ActingFeature, permissionsOf } from '../../kubernetes/permissions.ts';
import type { SetupPlan } from '../../kubernetes/setup/plan.ts';
import { nameOf } from '../../kubernetes/setup/planned-object.ts';
import { ownMarks, type RemovalPlan } from '../../kubernetes/setup/removal-plan.ts';

/** One line of a plan. */
export interface PlanLine {
  readonly action: string;
  readonly what: string;
  readonly details: readonly string[];
}

/** Fields that are named of a change; the others are counted. */
const MOST_FIELDS = 3;

export function setupLines({ objects, optIn, obsolete }: SetupPlan): readonly PlanLine[] {
  return [
    ...objects.map(({ action, object, differences, takesOver }) => ({
      action,
      what: `${object.kind} ${nameOf(object)}`,
      details: [
        ...(differences.length === 0 ? [] : [someOf(differences)]),
        ...(takesOver.length === 0 ? [] : [`takes over ${takesOver.join(', ')}`]),
      ],
    })),
    ...optIn.map(({ namespace, action, before }) => ({
      action: action === 'keep' ? 'keep' : 'opt in',
      what: `namespace ${namespace}`,
      details:
        before === undefined || action === 'keep' ? [] : [`its label says ${JSON.stringify(before)} now`],
    })),
    ...obsolete.map(({ kind, name }) => ({
      action: 'delete',
      what: `${kind} ${name}`,
      details: ['when the new one works'],
    })),
  ];
}

/** The rights that the program's account gets, each with its reason. */
export function rightLines(features: readonly ActingFeature[]): readonly PlanLine[] {
  return (['cluster', 'own'] as const).flatMap((scope) =>
    permissionsOf(features, scope).map(({ verbs, resource, apiGroup, names, why }) => {
      const what = `${resource}${apiGroup === '' ? '' : `.${apiGroup}`}${names === undefined ? '' : ` ${names.join(', ')}`}`;
      const where = scope === 'own' ? ' in its own namespace' : '';
      return { action: 'grant', what: `${verbs.join(', ')} ${what}${where}`, details: [why] };
    }),
  );
}

/** Whether there is nothing to do. */
export function isSettled(lines: readonly PlanLine[]): boolean {
  return lines.every(({ action }) => action === 'keep');
}

export function removalLines(plan: RemovalPlan): readonly PlanLine[] {
  const deleted = (objects: RemovalPlan['gating']) =>
    objects.map(({ kind, name }) => ({ action: 'delete', what: `${kind} ${name}`, details: [] }));
  const kept = plan.keepsNamespace;
  return [
    ...deleted(plan.gating),
    ...plan.gatedPods.map(({ metadata }) => ({
      action: 'free',
      what: `pod ${metadata?.namespace}/${metadata?.name}`,
      details: ['as it is'],
    })),
    ...plan.optedIn.map((name) => ({ action: 'opt out', what: `namespace ${name}`, details: [] })),
    ...deleted(plan.accounts),
    ...plan.nodes.map((node) => ({
      action: 'clean',
      what: `node ${node.metadata?.name}`,
      details: [ownMarks(node).sleep === 'cordoned' ? 'marks and cordon of kisimd' : 'marks of kisimd'],
    })),
    ...(plan.namespace === undefined
      ? []
      : [
          {
            action: kept.length === 0 ? 'delete' : 'keep',
            what: `Namespace ${plan.namespace.name}`,
            details: kept.length === 0 ? [] : [`it holds ${someOf(kept)}`],
          },
        ]),
  ];
}

function someOf(names: readonly string[]): string {
  const rest = names.length - MOST_FIELDS;
  return names.slice(0, MOST_FIELDS).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

export function lineText({ action, what, details }: PlanLine): string {
  return `${action.padEnd(9)} ${what}${details.length === 0 ? '' : ` (${details.join('; ')})`}\n`;
}
