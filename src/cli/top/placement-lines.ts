import type { PlacementView, SimulatedView, ViewedDecision } from '../../export/placement-view.ts';
import { joulesText, printable } from './text.ts';

/** Decisions shown. */
const DECISIONS = 4;

/** What the placement loop does, for people: a few lines, none of them ending in a space. */
export function placementLines(view: PlacementView): readonly string[] {
  return [
    headline(view),
    ...(view.policyReason === null ? [] : [`  ${view.policy}, since ${printable(view.policyReason)}`]),
    ...view.recent.slice(0, DECISIONS).map(decisionLine),
    ...(view.simulated === null ? [] : simulatedLines(view.simulated)),
  ];
}

function headline(view: PlacementView): string {
  const { cluster, server, nodes, pods, mode, policy, held, placed, observed, paused, trouble, state } = view;
  const where =
    cluster === 'simulated'
      ? `SIMULATED cluster, nothing of it is real: ${nodes} nodes, ${pods} pods`
      : `${printable(server ?? 'no server yet')}: ${nodes} nodes, ${pods} pods, ${state}`;
  const freed = Object.values(view.freed).reduce((sum, count) => sum + count, 0);
  const done = mode === 'act' ? `${placed} placed` : `${observed} decided, nothing written (${mode})`;
  const more = [
    `${policy}: ${done}, ${freed} freed, ${held} at the gate`,
    ...(paused === null ? [] : [`PAUSED: ${printable(paused)}`]),
    ...(trouble === null ? [] : [`TROUBLE: ${printable(trouble)}`]),
  ];
  return `placement  ${where}; ${more.join('; ')}`;
}

function decisionLine(decision: ViewedDecision): string {
  const { unixMilliseconds, namespace, pod, node, outcome, reason, predictedJoules, reference } = decision;
  const time = new Date(unixMilliseconds).toISOString().slice(11, 19);
  const what = `  ${time}  ${printable(`${namespace}/${pod}`)}`;
  if (node === null)
    return `${what}  ${outcome}${reason === null ? '' : `: ${printable(reason)}`}, the cluster's scheduler decides`;
  const chosen = `${what} -> ${printable(node)}${cost(predictedJoules)}`;
  if (reference === null) return chosen;
  if (reference.node === node) return `${chosen}; ${reference.policy}: the same node`;
  return `${chosen}; ${reference.policy}: ${printable(reference.node)}${cost(reference.predictedJoules)}`;
}

function cost(joules: number | null): string {
  return joules === null ? '' : `, ${joulesText(joules)} J predicted`;
}

function simulatedLines({ seconds, placed, twins, isOnePolicy }: SimulatedView): readonly string[] {
  const energies = [placed, ...twins].map(({ policy, joules }) => `${policy} ${joulesText(joules)} J`);
  const energy = `  energy so far, simulated, ${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s: ${energies.join(', ')}`;
  if (!isOnePolicy) return [energy, '  saved: not told, since more than one policy has placed these pods'];
  const savings = twins.map((twin) => `${percent(placed.joules, twin.joules)} against ${twin.policy}`);
  return [
    energy,
    `  saved so far, simulated: ${savings.join(', ')}, with the same pods on the same nodes; nothing real was saved`,
  ];
}

function percent(joules: number, other: number): string {
  return other > 0 ? `${((1 - joules / other) * 100).toFixed(1)} %` : 'not known';
}
