/**
 * The space that every energy rule is a point of, and that weights are trained in: each candidate node has one number
 * for each placement term, a policy has one weight for each, and the node of the least weighted sum is taken. Whether
 * the pod then waits is decided by a second weighted sum, over the wait terms of that node.
 *
 * Energies are relative to the energy that the pod needs anyway: the least watts per core-second of the whole cluster
 * times predicted use times predicted seconds. Powers are relative to the same per second. Everything else is a share.
 */
export interface TermDescription {
  /** Stable; weights are stored under it. */
  readonly name: string;
  /** What 1 is. */
  readonly unit: 'own energy' | 'own power' | 'share' | 'flag' | 'hours' | 'tenfolds' | 'points / 100';
  readonly formula: string;
  readonly meaning: string;
}

/** Positions of the placement terms; `placementTerms` describes them in the same order. */
export const TERM = {
  activeEnergy: 0,
  idleEnergy: 1,
  tierRank: 2,
  fill: 3,
  kubeScore: 4,
  asleep: 5,
  waking: 6,
  empty: 7,
  predictedWatts: 8,
  requestedWatts: 9,
  cpuPrice: 10,
  memoryPrice: 11,
  dotProduct: 12,
  absoluteFit: 13,
  peaks: 14,
  nodeIndex: 15,
  imbalance: 16,
  endAlignment: 17,
  maxFill: 18,
  extension: 19,
  useAfter: 20,
  useAbove70: 21,
  asleepFreeAwake: 22,
  asleepShort: 23,
  asleepLoad: 24,
  tier0: 25,
  tier0CpuPrice: 26,
  tier0MemoryPrice: 27,
  tier0Load: 28,
  tier0FreeCpu: 29,
  tier0FreeMemory: 30,
  tier0Duration: 31,
  tier0MemoryScarcity: 32,
  tier1: 33,
  tier1CpuPrice: 34,
  tier1MemoryPrice: 35,
  tier1Load: 36,
  tier1FreeCpu: 37,
  tier1FreeMemory: 38,
  tier1Duration: 39,
  tier1MemoryScarcity: 40,
  complementarity: 41,
  asleepQueue: 42,
  rankUse: 43,
  cpuPriceFull: 44,
  memoryPriceFull: 45,
  cpuPriceLoad: 46,
  memoryPriceLoad: 47,
  strandedCpu: 48,
  strandedMemory: 49,
  savedEnergy: 50,
  steadyWatts: 51,
  idleLoad: 52,
  idleFill: 53,
  tier0Idle: 54,
  tier1Idle: 55,
  tier0Asleep: 56,
  tier1Asleep: 57,
  tier0Fill: 58,
  tier1Fill: 59,
  remaining: 60,
  lone: 61,
  extensionFree: 62,
  maxFillSquared: 63,
} as const;

export const TERM_COUNT = 64;

/** Terms that a tier has for itself lie this far behind the tier's own flag. */
export const TIER_TERMS = 8;

export const WAIT_TERM = {
  constant: 0,
  energyRatio: 1,
  asleep: 2,
  notBestTier: 3,
  worstTier: 4,
  slackLeft: 5,
  load: 6,
  sinHour: 7,
  cosHour: 8,
  duration: 9,
  freeAwake: 10,
  activeRatio: 11,
  size: 12,
  ratioSize: 13,
  ratioDuration: 14,
  bestFreeCpu: 15,
  bestFreeMemory: 16,
  pending: 17,
} as const;

export const WAIT_TERM_COUNT = 18;

function term(
  name: string,
  unit: TermDescription['unit'],
  formula: string,
  meaning: string,
): TermDescription {
  return { name, unit, formula, meaning };
}

function tierTerms(tier: 0 | 1, which: string): readonly TermDescription[] {
  const of = `[tier = ${tier}]`;
  return [
    term(`tier${tier}`, 'flag', of, `node of the ${which} type`),
    term(
      `tier${tier}-cpu-price`,
      'own energy',
      `${of} x cpu-price`,
      'price of its CPU beyond the common one',
    ),
    term(`tier${tier}-memory-price`, 'own energy', `${of} x memory-price`, 'price of its memory likewise'),
    term(`tier${tier}-load`, 'share', `${of} x load`, 'how much dearer the type gets with load'),
    term(`tier${tier}-free-cpu`, 'share', `${of} x free CPU of the type`, 'how much of its CPU is left'),
    term(`tier${tier}-free-memory`, 'share', `${of} x free memory of the type`, 'how much memory is left'),
    term(`tier${tier}-duration`, 'tenfolds', `${of} x log10(d / 600 s)`, 'long pods against short ones'),
    term(
      `tier${tier}-memory-scarcity`,
      'share',
      `${of} x min(8, memory share / CPU share of the pod) x memory load`,
      'pods heavy in memory while memory is short',
    ),
  ];
}

export const placementTerms: readonly TermDescription[] = [
  term(
    'active-energy',
    'own energy',
    '∫ [P(U + p) - P(U)] dt over the pod',
    'joules above what the node burns anyway',
  ),
  term(
    'idle-energy',
    'own energy',
    'min(20, (idle extension + wake) / own energy)',
    'joules of a node that stays on longer, or is woken; clipped so that tiny pods do not rule',
  ),
  term(
    'tier-rank',
    'share',
    'tier / (tiers - 1)',
    'type of node by least watts per core-second: 0 best, 1 worst',
  ),
  term(
    'fill',
    'share',
    '(CPU share + memory share asked for after) / 2',
    'negative weight packs, positive spreads',
  ),
  term(
    'kube-score',
    'points / 100',
    '(LeastAllocated + BalancedAllocation) / 100',
    "Kubernetes' default taste",
  ),
  term('asleep', 'flag', '[asleep]', 'the node would have to be woken'),
  term('waking', 'flag', '[waking]', 'the node is on its way'),
  term('empty', 'flag', '[no pod]', 'the pod would be alone'),
  term(
    'predicted-watts',
    'own power',
    'P(U + p) - P(U), from sleep where asleep',
    'marginal watts at predicted use',
  ),
  term('requested-watts', 'own power', 'the same with requests for use', 'marginal watts at requests'),
  term(
    'cpu-price',
    'own energy',
    '0.3 (s_worst - s) x cores asked x d',
    'what better CPU would save for other pods',
  ),
  term(
    'memory-price',
    'own energy',
    '0.3 (s_worst - s) x memory share asked x cores of the node x d',
    'the same for the CPU that lies idle without its memory',
  ),
  term('dot-product', 'share', '(c_pod c_free + m_pod m_free) / 2, shares of the node', 'DotProd'),
  term('absolute-fit', 'share', '(CPU left / greatest + memory left / greatest) / 2', 'BestFit, in amounts'),
  term('peaks', 'own power', 'K1 (e^(K2 u_after) - e^(K2 u)) at measured use', "PEAKS' power jump"),
  term('node-index', 'share', 'index / (nodes - 1)', 'first fit'),
  term('imbalance', 'share', '|c - m| after less before', 'change of the distance between CPU and memory'),
  term('end-alignment', 'share', '|d - L| / (d + L)', 'the pod ends when the last one on the node ends (L)'),
  term('max-fill', 'share', 'max(CPU share, memory share) after', 'how close to full in either'),
  term('extension', 'share', 'max(0, d - L) / d', 'share of the pod that outlasts all others there'),
  term('use-after', 'share', '(U + p) / C', 'predicted utilisation'),
  term('use-above-70', 'share', 'max(0, (U + p) / C - 0.7)', 'the dear end of most curves'),
  term('asleep-free-awake', 'share', '[asleep] x free CPU on awake nodes', 'waking while there is room'),
  term('asleep-short', 'share', '[asleep] x 600 s / (600 s + d)', 'waking for a short pod'),
  term('asleep-load', 'share', '[asleep] x load', 'waking under load'),
  ...tierTerms(0, 'most efficient'),
  ...tierTerms(1, 'second most efficient'),
  term('complementarity', 'share', '(p / asked) x (U / asked on the node)', 'hot pods beside hot ones'),
  term('asleep-queue', 'share', '[asleep] x min(1, pending / 10)', 'waking while pods wait'),
  term('rank-use', 'share', 'tier-rank x p / asked', 'hot pods on inefficient nodes'),
  term(
    'cpu-price-full',
    'own energy',
    'cpu-price x CPU share asked of the type',
    'dearer as its type fills up',
  ),
  term(
    'memory-price-full',
    'own energy',
    'memory-price x memory share asked of the type',
    'the same for its memory',
  ),
  term('cpu-price-load', 'own energy', 'cpu-price x load', 'dearer as the cluster fills up'),
  term('memory-price-load', 'own energy', 'memory-price x memory load', 'the same for its memory'),
  term(
    'stranded-cpu',
    'own energy',
    '0.3 (s_worst - s) x change of max(0, free CPU - free memory) x cores of the node x d',
    'CPU that no memory is left for',
  ),
  term(
    'stranded-memory',
    'own energy',
    '0.3 (s_worst - s) x change of max(0, free memory - free CPU) x cores of the node x d',
    'memory that no CPU is left for',
  ),
  term('saved-energy', 'own energy', '(s_worst - s) x p x d', 'what the type saves on this pod at full load'),
  term(
    'steady-watts',
    'own power',
    'P(V + p) - P(V) at the mean predicted use V of the type',
    'marginal watts in the long run',
  ),
  term('idle-load', 'own energy', 'idle-energy x load', 'an extension matters less where more will come'),
  term('idle-fill', 'own energy', 'idle-energy x fill before', 'an extension of a full node'),
  term('tier0-idle', 'own energy', '[tier = 0] x idle-energy', 'an extension of the most efficient type'),
  term('tier1-idle', 'own energy', '[tier = 1] x idle-energy', 'and of the second'),
  term('tier0-asleep', 'flag', '[tier = 0] x asleep', 'waking the most efficient type'),
  term('tier1-asleep', 'flag', '[tier = 1] x asleep', 'waking the second'),
  term('tier0-fill', 'share', '[tier = 0] x fill', 'packing of the most efficient type'),
  term('tier1-fill', 'share', '[tier = 1] x fill', 'packing of the second'),
  term('remaining', 'share', 'L / (L + 3600 s)', 'the node is busy for long anyway'),
  term('lone', 'share', '1 / (1 + pods of the node)', 'few pods keep it from sleeping'),
  term(
    'extension-free',
    'share',
    'extension x (1 - fill before)',
    'outlasting all others of a node that drains',
  ),
  term('max-fill-squared', 'share', 'max-fill^2', 'close to full, above all'),
];

export const waitTerms: readonly TermDescription[] = [
  term('constant', 'flag', '1', 'the threshold'),
  term(
    'energy-ratio',
    'own energy',
    'active-energy + idle-energy of the chosen node',
    'how dear it is to start now',
  ),
  term('asleep', 'flag', '[asleep]', 'a node would have to be woken'),
  term('not-best-tier', 'flag', '[tier >= 1]', 'no node of the best type'),
  term('worst-tier', 'flag', '[tier = worst, of at least two]', 'only a node of the worst type'),
  term('slack-left', 'hours', 'time that the pod may still wait', 'patience left'),
  term('load', 'share', 'requested CPU of the cluster', 'load now'),
  term('sin-hour', 'share', 'sin(2 pi t / 24 h)', 'time of day'),
  term('cos-hour', 'share', 'cos(2 pi t / 24 h)', 'time of day'),
  term('duration', 'tenfolds', 'log10(d / 600 s)', 'long pods against short ones'),
  term('free-awake', 'share', 'free CPU on awake nodes', 'room without waking'),
  term(
    'active-ratio',
    'own energy',
    'active-energy of the chosen node',
    'the same without idling and waking',
  ),
  term('size', 'tenfolds', 'log10(p / 1 core)', 'a wait costs the same for a small pod, and wins less'),
  term('ratio-size', 'own energy', 'energy-ratio x size', 'dear starts of large pods'),
  term('ratio-duration', 'own energy', 'energy-ratio x duration', 'dear starts of long pods'),
  term('best-free-cpu', 'share', 'free CPU of the most efficient type', 'room where it is cheap'),
  term('best-free-memory', 'share', 'free memory of the most efficient type', 'likewise'),
  term('pending', 'share', 'n / (n + 20) of n waiting pods', 'how many wait already'),
];
