import type { MetricFamily } from '../util/exposition.ts';
import { decimalText, type ExpositionWriter, labelText } from '../util/exposition.ts';
import { placementFamilies as families } from './metric-families.ts';
import type { PlacementView, ViewedEnergy } from './placement-view.ts';

/** The series of the placement loop. */
export function writePlacementMetrics(writer: ExpositionWriter, view: PlacementView): void {
  const { cluster, mode, policy, state, paused, trouble, simulated } = view;
  const one = (family: MetricFamily, labels: Readonly<Record<string, string>>, amount: number) => {
    writer.family(family);
    writer.sample(labelText(labels), String(amount));
  };
  one(families.info, { cluster, mode, policy, state }, 1);
  one(families.paused, { cluster }, paused === null ? 0 : 1);
  one(families.trouble, { cluster }, trouble === null ? 0 : 1);
  one(families.nodes, { cluster }, view.nodes);
  one(families.pods, { cluster }, view.pods);
  one(families.held, { cluster }, view.held);
  writer.family(families.decisions);
  writer.sample(labelText({ cluster, outcome: 'placed', reason: '' }), String(view.placed));
  writer.sample(labelText({ cluster, outcome: 'observed', reason: '' }), String(view.observed));
  for (const [reason, count] of Object.entries(view.freed))
    writer.sample(labelText({ cluster, outcome: 'freed', reason }), String(count));
  if (simulated === null) return;
  const rows: readonly (readonly [role: string, energy: ViewedEnergy])[] = [
    ['loop', simulated.placed],
    ...simulated.twins.map((twin) => ['twin', twin] as const),
  ];
  const labels = (role: string, energy: ViewedEnergy) =>
    labelText({ cluster, policy: energy.policy, role, source: 'simulated' });
  writer.family(families.simulatedJoules);
  for (const [role, energy] of rows) writer.sample(labels(role, energy), decimalText(energy.joules, 3));
  writer.family(families.simulatedWatts);
  for (const [role, energy] of rows) writer.sample(labels(role, energy), decimalText(energy.watts, 3));
}
