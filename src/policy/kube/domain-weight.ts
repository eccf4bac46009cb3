// Minimax coefficients of FreeBSD's e_log.c (Sun Microsystems, 1993), which Go's math.Log follows.
const L1 = 6.666666666666735e-1;
const L2 = 3.999999999940942e-1;
const L3 = 2.857142874366239e-1;
const L4 = 2.222219843214978e-1;
const L5 = 1.818357216161805e-1;
const L6 = 1.531383769920937e-1;
const L7 = 1.479819860511659e-1;
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

/** ln of a positive integer below 2^31 with the bits of Go's math.Log on amd64; `ln` differs in the last bit of some. */
function goLog(x: number): number {
  let exponent = 32 - Math.clz32(x);
  let fraction = x / 2 ** exponent;
  if (fraction < Math.SQRT1_2) {
    fraction *= 2;
    exponent--;
  }
  const f = fraction - 1;
  const s = f / (2 + f);
  const s2 = s * s;
  const s4 = s2 * s2;
  const t1 = s2 * (L1 + s4 * (L3 + s4 * (L5 + s4 * L7)));
  const t2 = s4 * (L2 + s4 * (L4 + s4 * L6));
  const half = 0.5 * f * f;
  return exponent * LN2_HIGH - (half - (s * (half + (t1 + t2)) + exponent * LN2_LOW) - f);
}

const table: number[] = [];

/** What a pod counts in a topology of so many domains: ln(domains + 2) (podtopologyspread/scoring.go). */
export function domainWeight(domains: number): number {
  for (let n = table.length; n <= domains; n++) table.push(goLog(n + 2));
  return table[domains]!;
}
