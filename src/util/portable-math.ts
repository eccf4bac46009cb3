/**
 * exp, ln and sin from additions, multiplications and divisions alone. The language leaves the last bits of Math.exp and
 * its like to the engine, and a simulation must give the same bits on every machine; plain double arithmetic does.
 */

const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const SQRT_HALF = Math.SQRT1_2;

const word = new Float64Array(1);
const halves = new Uint32Array(word.buffer);
/** Index of the half that holds sign and exponent; the other machines have it first. */
const HIGH = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0;

/** x times 2^power, for results that are neither subnormal nor infinite. */
function scaled(x: number, power: number): number {
  word[0] = x;
  halves[HIGH] = (halves[HIGH]! + (power << 20)) >>> 0;
  return word[0]!;
}

/** e^x; relative error below 4e-16; 0 below -708 and Infinity above 709. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  if (x > 709) return Number.POSITIVE_INFINITY;
  if (x < -708) return 0;
  const power = Math.round(x / Math.LN2);
  const r = x - power * LN2_HIGH - power * LN2_LOW;
  // Taylor's series around 0; |r| <= ln 2 / 2, so the 14th term is below 1e-17.
  let sum = 1 + r / 13;
  for (let n = 12; n >= 1; n--) sum = 1 + (r / n) * sum;
  return scaled(sum, power);
}

/** Natural logarithm; relative error below 4e-16; NaN below 0 and -Infinity at 0. */
export function ln(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  let shift = 0;
  if (x < 2.2250738585072014e-308) {
    x *= 2 ** 54;
    shift = -54;
  }
  word[0] = x;
  let exponent = ((halves[HIGH]! >>> 20) & 0x7ff) - 1022;
  halves[HIGH] = (halves[HIGH]! & 0x800fffff) | (1022 << 20);
  let mantissa = word[0]!;
  if (mantissa < SQRT_HALF) {
    mantissa *= 2;
    exponent--;
  }
  exponent += shift;
  // ln m = 2 artanh s with s = (m - 1) / (m + 1), |s| <= 0.1716.
  const s = (mantissa - 1) / (mantissa + 1);
  const square = s * s;
  let sum = 0;
  for (let n = 23; n >= 1; n -= 2) sum = sum * square + 1 / n;
  return exponent * LN2_HIGH + (2 * s * sum + exponent * LN2_LOW);
}

/** Sine of an angle in radians; absolute error below 1e-15 for angles of a few turns. */
export function sin(x: number): number {
  const turns = x / (2 * Math.PI);
  let r = (turns - Math.round(turns)) * 2 * Math.PI;
  if (r > Math.PI / 2) r = Math.PI - r;
  else if (r < -Math.PI / 2) r = -Math.PI - r;
  const square = r * r;
  let sum = 1;
  for (let n = 21; n >= 3; n -= 2) sum = 1 - (square / (n * (n - 1))) * sum;
  return r * sum;
}

export function cos(x: number): number {
  return sin(x + Math.PI / 2);
}
