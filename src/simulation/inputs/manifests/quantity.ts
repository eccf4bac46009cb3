/** An amount as Kubernetes writes it, exact: an integer of thousand-millionths. */
export type NanoAmount = bigint;

const NANO = 1_000_000_000n;

const decimalExponents: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};

const binaryExponents: Readonly<Record<string, bigint>> = {
  Ki: 10n,
  Mi: 20n,
  Gi: 30n,
  Ti: 40n,
  Pi: 50n,
  Ei: 60n,
};

/** Beyond these an exponent is a mistake, and its power of ten an unreasonable number of digits. */
const MAX_EXPONENT = 60;

/**
 * Reads an amount such as `100m`, `1.5Gi`, `2e3` or `12` without rounding, but for what lies below 10^-9, which is
 * rounded up (k8s.io/apimachinery/pkg/api/resource/quantity.go). Undefined where the text is no amount.
 */
export function parseQuantity(text: string): NanoAmount | undefined {
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?(?:([numkMGTPE]|[KMGTPE]i)?|[eE]([+-]?\d+))$/.exec(text);
  if (parts === null) return undefined;
  const [, sign, whole = '', fraction = '', suffix = '', exponentText] = parts;
  if (whole === '' && fraction === '') return undefined;
  const exponent = exponentText === undefined ? (decimalExponents[suffix] ?? 0) : Number(exponentText);
  if (Math.abs(exponent) > MAX_EXPONENT || fraction.length > MAX_EXPONENT) return undefined;
  const digits = BigInt(whole + fraction) << (binaryExponents[suffix] ?? 0n);
  const tens = exponent - fraction.length + 9;
  const amount = tens >= 0 ? digits * 10n ** BigInt(tens) : divideUp(digits, 10n ** BigInt(-tens));
  return sign === '-' ? -amount : amount;
}

/** Of a positive amount; rounds up, as the scheduler does (`Quantity.MilliValue`). */
export function milliOf(amount: NanoAmount): number {
  return Number(divideUp(amount, NANO / 1000n));
}

/** Whole units, rounded up (`Quantity.Value`). */
export function unitsOf(amount: NanoAmount): number {
  return Number(divideUp(amount, NANO));
}

function divideUp(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return quotient * divisor < dividend ? quotient + 1n : quotient;
}
