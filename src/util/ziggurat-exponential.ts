import { exp, ln } from './portable-math.ts';
import type { RandomStream } from './rng.ts';

/*
 * Marsaglia and Tsang, "The ziggurat method for generating random variables", Journal of Statistical Software 5(8), 2000: 256 layers
 * of equal area under e^-x. Index and abscissa are of bits of their own, as Doornik ("An improved ziggurat method to generate
 * normal random samples", 2005) asks for.
 */

const LAYERS = 256;
/** Where the tail begins, and the area of a layer: of 256 layers, as in the paper. */
const TAIL = 7.69711747013105;
const AREA = 0.003949659822581557;

/** Right edge of each layer, widest first; the first one is as wide as its area with its tail asks for. */
const edges = new Float64Array(LAYERS + 1);
/** e^-edge. */
const heights = new Float64Array(LAYERS + 1);

edges[0] = AREA * exp(TAIL);
edges[1] = TAIL;
for (let i = 2; i < LAYERS; i++) edges[i] = -ln(AREA / edges[i - 1]! + exp(-edges[i - 1]!));
edges[LAYERS] = 0;
for (let i = 0; i <= LAYERS; i++) heights[i] = exp(-edges[i]!);

/**
 * Exponential with mean 1, to 32 bits within a layer: for hot loops, several times as quick as the inverse of the distribution, which
 * `RandomStream.exponential` takes. The same numbers from the same seed on every machine.
 */
export function quickExponential(random: RandomStream): number {
  for (;;) {
    const layer = random.bits32() & (LAYERS - 1);
    const x = ((random.bits32() + 0.5) / 4294967296) * edges[layer]!;
    if (x < edges[layer + 1]!) return x;
    // Exponentials forget: beyond the edge of the tail it is one of them again.
    if (layer === 0) return TAIL - ln(1 - random.next());
    const low = heights[layer]!;
    if (low + random.next() * (heights[layer + 1]! - low) < exp(-x)) return x;
  }
}
