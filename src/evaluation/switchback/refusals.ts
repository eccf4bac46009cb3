import type { KisimError } from '../../util/errors.ts';
import { errors } from '../errors.ts';
import type { Checks } from './checks.ts';
import type { DroppedPair } from './pairs.ts';
import type { PeriodMeasurement } from './period.ts';
import { LEAST_PAIRS, type Side, type SwitchbackPlan, sides } from './plan.ts';

/** Why no verdict is given. */
export type Refusal = KisimError;

/** More pairs lost than this share of the finished ones, and what is left may be no fair sample any more. */
const MOST_PAIRS_LOST = 0.2;
/** Share of the work that the other policy placed: by about so much the true difference is told too small. */
const MOST_CARRY_OVER = 0.2;
/** Idle power is shared out over the work: with so unequal work the load makes a difference of its own. */
const MOST_WORK_PERCENT = 10;
/** Of the pods that a policy was to place, it must have placed so many itself. */
const LEAST_DECIDED = 0.9;

export interface RefusalInput {
  readonly plan: SwitchbackPlan;
  /** Counted ones. */
  readonly pairs: number;
  readonly dropped: readonly DroppedPair[];
  readonly checks: Checks | undefined;
  /** Of counted pairs. */
  readonly periods: readonly PeriodMeasurement[];
}

/** All reasons against a verdict, the gravest first; none: the difference may be called. */
export function refusalsOf({ plan, pairs, dropped, checks, periods }: RefusalInput): Refusal[] {
  const found: Refusal[] = [];
  const lost = dropped.filter(({ why }) => why === 'energy');
  if (lost.length > MOST_PAIRS_LOST * (pairs + dropped.length)) {
    const first = lost[0]!.says;
    found.push(
      errors.KISIM_E_EXPERIMENT_ENERGY_MISSING(`${lost.length} of ${pairs + dropped.length} pairs; ${first}`),
    );
  }
  if (pairs < LEAST_PAIRS) {
    const without = dropped.length === 0 ? '' : `, ${dropped.length} dropped (${dropped[0]!.says})`;
    found.push(errors.KISIM_E_EXPERIMENT_TOO_FEW(`${pairs} of ${plan.pairs} pairs${without}`));
  }
  for (const side of sides) {
    const says = notDecided(plan, side, periods);
    if (says !== undefined) found.push(errors.KISIM_E_EXPERIMENT_NOT_DECIDED(says));
  }
  if (checks === undefined) return found;
  const { carryOver, work } = checks;
  if (carryOver.other > MOST_CARRY_OVER)
    found.push(
      errors.KISIM_E_EXPERIMENT_CARRY_OVER(
        `${percent(carryOver.other)} of the work of a period was done by pods that the other policy had placed`,
      ),
    );
  // As far off on either side: 10 % more, or less by the same factor.
  const factor = 1 + MOST_WORK_PERCENT / 100;
  const ratio = 1 + work.percent / 100;
  if (Math.max(ratio, 1 / ratio) > factor)
    found.push(
      errors.KISIM_E_EXPERIMENT_WORK_DIFFERS(
        `${signed(work.percent)} % work under ${plan.a} (a) against ${plan.b} (b)`,
      ),
    );
  return found;
}

function notDecided(
  plan: SwitchbackPlan,
  side: Side,
  periods: readonly PeriodMeasurement[],
): string | undefined {
  const of = periods.filter((period) => period.side === side).map(({ decisions }) => decisions);
  if (of.length === 0) return undefined;
  const own = of.reduce((all, { own }) => all + own, 0);
  const fellBack = of.reduce((all, each) => all + each.fellBack, 0);
  const freed = of.reduce((all, each) => all + each.freed, 0);
  const all = own + fellBack + freed;
  const who = `${plan[side]} (${side})`;
  if (all === 0) return `no pod was handed to ${who}`;
  if (own >= LEAST_DECIDED * all) return undefined;
  return `${who} placed ${own} of ${all} pods; ${fellBack} were placed by its stand-in, ${freed} freed without a node`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(1)}`;
}
