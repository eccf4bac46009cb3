import { errors } from '../errors.ts';

type Settings = Readonly<Record<string, unknown>>;

/** Names of settings by what they may be. */
export interface SettingRules {
  /** 1, 2, 3 and so on. */
  readonly counts: readonly string[];
  /** 0 .. 1, both included. */
  readonly shares: readonly string[];
  /** Finite and at least 0; a schedule at both ends. */
  readonly amounts: readonly string[];
}

/** Throws KISIM_E_LEARNING_SETTINGS by the name of the first setting that no training can be made with. */
export function checkSettings(settings: Settings, { counts, shares, amounts }: SettingRules): void {
  const refuse = (name: string, expected: string) => {
    throw errors.KISIM_E_LEARNING_SETTINGS(`${name} ${JSON.stringify(settings[name])}`, { expected });
  };
  for (const name of counts) {
    const count = settings[name];
    if (!Number.isSafeInteger(count) || (count as number) < 1)
      refuse(name, `${name} to be a whole number from 1`);
  }
  for (const name of shares) {
    const share = settings[name] as number;
    if (!(share >= 0 && share <= 1)) refuse(name, `${name} from 0 to 1`);
  }
  for (const name of amounts) {
    const amount = settings[name] as number | { from: number; to: number };
    const ends = typeof amount === 'number' ? [amount] : [amount.from, amount.to];
    if (!ends.every((end) => Number.isFinite(end) && end >= 0)) refuse(name, `${name} finite and at least 0`);
  }
  const { hidden } = settings as { hidden: readonly number[] };
  if (!hidden.every((width) => Number.isSafeInteger(width) && width >= 1))
    refuse('hidden', 'hidden layers of at least one unit');
}

/** Throws KISIM_E_LEARNING_DIVERGED where a loss is not a finite number: what follows it would be lost. */
export function checkLoss(loss: number, steps: number): void {
  if (!Number.isFinite(loss))
    throw errors.KISIM_E_LEARNING_DIVERGED(`a loss of ${loss} after ${steps} steps`);
}
