import { randomInt } from 'node:crypto';
import { DEFAULT_SCHEDULER } from '../../controller/decider.ts';
import { daemonErrors } from '../../daemon/errors.ts';
import { checkPlan, pairsIn, type Side, type SwitchbackPlan } from '../../evaluation/switchback/plan.ts';
import { policyByName, policyNames } from '../../policy/registry.ts';
import { parseDuration } from '../../util/duration.ts';
import { KisimError } from '../../util/errors.ts';
import { cliErrors } from '../errors.ts';

export interface ExperimentOptions {
  /** Undefined: the one that the folder of --out was begun with. */
  readonly plan: SwitchbackPlan | undefined;
  /** Parts of a plan that were given although it is in the folder. */
  readonly given: Partial<SwitchbackPlan>;
  readonly out: string | undefined;
  readonly resume: boolean;
  readonly planOnly: boolean;
  readonly pilot: string | undefined;
  /** Standard deviation of a pair's logarithmic difference. */
  readonly noise: number | undefined;
}

const PERIOD = '30m';
const HOURS = 24;
/** Of a period. */
const WASH_OUT_SHARE = 1 / 6;

/** @throws KISIM_E_USAGE, KISIM_E_DURATION, KISIM_E_EXPERIMENT_PLAN, KISIM_E_EXPERIMENT_POLICY */
export function readExperimentOptions(options: Readonly<Record<string, unknown>>): ExperimentOptions {
  const { out, resume, plan: planOnly, pilot } = options;
  const given = givenOf(options);
  if (resume === true && out === undefined)
    throw cliErrors.KISIM_E_USAGE('--resume without --out', {
      action: 'name the folder to go on with: --out FOLDER',
    });
  const noise = number(options, 'noise', (value) => value > 0 && value < 100, 'percent above 0');
  return {
    plan: resume === true ? undefined : wholePlan(given, options),
    given,
    out: out === undefined ? undefined : String(out),
    resume: resume === true,
    planOnly: planOnly === true,
    pilot: pilot === undefined ? undefined : String(pilot),
    noise: noise === undefined ? undefined : noise / 100,
  };
}

/** What was typed, and nothing else. */
function givenOf(options: Readonly<Record<string, unknown>>): Partial<SwitchbackPlan> {
  const { period, washOut } = options;
  const seed = number(
    options,
    'seed',
    (value) => Number.isSafeInteger(value) && value >= 0,
    'a whole number of at least 0',
  );
  const seconds = (text: unknown) => parseDuration(String(text)) / 1000;
  const hours = hoursOf(options);
  const periodSeconds = period === undefined ? undefined : seconds(period);
  const policy = (side: Side) =>
    options[side] === undefined ? {} : { [side]: checkPolicy(String(options[side])) };
  return {
    ...policy('a'),
    ...policy('b'),
    ...(periodSeconds === undefined ? {} : { periodSeconds }),
    ...(washOut === undefined ? {} : { washOutSeconds: seconds(washOut) }),
    ...(hours === undefined ? {} : { pairs: pairsIn(hours, periodSeconds ?? seconds(PERIOD)) }),
    ...(seed === undefined ? {} : { seed }),
  };
}

function hoursOf(options: Readonly<Record<string, unknown>>): number | undefined {
  return number(options, 'hours', (value) => value > 0, 'hours above 0');
}

function wholePlan(
  given: Partial<SwitchbackPlan>,
  options: Readonly<Record<string, unknown>>,
): SwitchbackPlan {
  const { a, b, periodSeconds = parseDuration(PERIOD) / 1000 } = given;
  if (a === undefined || b === undefined)
    throw cliErrors.KISIM_E_USAGE(`kisimd experiment without --${a === undefined ? 'a' : 'b'}`, {
      action: `name both policies: --a ${DEFAULT_SCHEDULER} --b marginal-power`,
    });
  return checkPlan({
    a,
    b,
    periodSeconds,
    washOutSeconds: given.washOutSeconds ?? Math.round(periodSeconds * WASH_OUT_SHARE),
    pairs: pairsIn(hoursOf(options) ?? HOURS, periodSeconds),
    seed: given.seed ?? randomInt(2 ** 31),
  });
}

/** @throws KISIM_E_EXPERIMENT_POLICY with the policies that there are */
export function checkPolicy(name: string): string {
  if (name === DEFAULT_SCHEDULER) return name;
  try {
    policyByName(name);
    return name;
  } catch (cause) {
    if (!(cause instanceof KisimError)) throw cause;
    const known = [DEFAULT_SCHEDULER, ...policyNames.map((policy) => policy.name)].join(', ');
    throw daemonErrors.KISIM_E_EXPERIMENT_POLICY(cause.message, { cause, action: `one of ${known}` });
  }
}

/** @throws KISIM_E_EXPERIMENT_OTHER_PLAN */
export function checkSamePlan(plan: SwitchbackPlan, given: Partial<SwitchbackPlan>): void {
  for (const [name, value] of Object.entries(given)) {
    const planned = plan[name as keyof SwitchbackPlan];
    if (planned !== value)
      throw daemonErrors.KISIM_E_EXPERIMENT_OTHER_PLAN(`${name} is ${planned} there, and ${value} here`);
  }
}

function number(
  options: Readonly<Record<string, unknown>>,
  name: string,
  isRight: (value: number) => boolean,
  expected: string,
): number | undefined {
  const text = options[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (String(text).trim() !== '' && Number.isFinite(value) && isRight(value)) return value;
  throw cliErrors.KISIM_E_USAGE(`--${name} ${String(text)}`, { action: `give --${name} ${expected}` });
}
