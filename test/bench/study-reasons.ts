/**
 * Why a cell may lie outside the intervals of the study, and by how many points at most beyond our own interval: the
 * numbered list of docs/developer/scenarios.md. A difference that is larger, or elsewhere, has no reason and fails the benchmark.
 */
interface StudyReason {
  readonly number: number;
  readonly scenarios: readonly string[];
  readonly loads: readonly number[];
  /** Left out: all. */
  readonly policies?: readonly string[];
  readonly points: number;
}

const reasons: readonly StudyReason[] = [
  {
    number: 1,
    scenarios: ['B', 'Bbal', 'C', 'D', 'E', 'Ens', 'F', 'Fs'],
    loads: [0.3, 0.6],
    points: 9,
  },
  {
    number: 2,
    scenarios: ['C', 'D', 'E', 'Fs'],
    loads: [0.3, 0.6, 0.9],
    policies: ['marginal-run-out'],
    points: 19,
  },
  {
    number: 3,
    scenarios: ['B', 'Bbal', 'C', 'D', 'E', 'Ens', 'F', 'Fs'],
    loads: [0.3, 0.6, 0.9],
    policies: ['bid-price'],
    points: 19,
  },
  { number: 4, scenarios: ['B', 'Bbal', 'C', 'D', 'Ens', 'F', 'Fs'], loads: [0.9], points: 5 },
  {
    number: 5,
    scenarios: ['A', 'C', 'D', 'Dhom', 'Fs'],
    loads: [0.3, 0.6, 0.9],
    policies: ['pwr'],
    points: 13,
  },
  { number: 6, scenarios: ['G', 'Gs'], loads: [0.3, 0.6, 0.9], points: 22 },
  { number: 7, scenarios: ['A-linear'], loads: [0.3, 0.6, 0.9], points: 0.25 },
  { number: 8, scenarios: ['A', 'Dhom'], loads: [0.3, 0.6, 0.9], points: 2 },
];

/** The number of the reason that covers a difference, in points beyond our interval; undefined where none does. */
export function reasonFor(
  scenario: string,
  load: number,
  policy: string,
  points: number,
): number | undefined {
  return reasons.find(
    (reason) =>
      reason.scenarios.includes(scenario) &&
      reason.loads.includes(load) &&
      (reason.policies === undefined || reason.policies.includes(policy)) &&
      points <= reason.points,
  )?.number;
}
