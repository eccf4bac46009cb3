import { createHash } from 'node:crypto';
import { placementTerms, type TermDescription, waitTerms } from '../energy/term-table.ts';

/*
 * What a model file of a placement policy looks like, for those who write it and those who read it:
 *
 *   terms      double [placement terms, nodes]   one row a term of the term table, one column a candidate
 *   mask       bool   [nodes]                    whether the candidate may be taken
 *   wait-terms double [wait terms]               of the node that was chosen; anything where that is not asked
 *   scores     double [nodes]                    greater is better; masked candidates are below all others
 *   wait       double []                         above 0: the pod waits
 *
 * A row a term, since that is how terms are found, and nothing then has to be copied. Terms are as the term table has them: whatever scaling a model wants is inside it.
 */
export const INPUT = { terms: 'terms', mask: 'mask', waitTerms: 'wait-terms' } as const;
export const OUTPUT = { scores: 'scores', wait: 'wait' } as const;

/** Score of a candidate that may not be taken: below all that terms can come to, and still a number. */
export const MASKED_SCORE = -1e300;

/** Operators of these versions mean what the graphs here take them to mean. */
export const LEAST_OPSET = 13;
export const GREATEST_OPSET = 24;

/** Keys of a model file's metadata. */
export const META = {
  kind: 'kisimd.kind',
  features: 'kisimd.features',
  /** JSON of the rule that training began at, for the guard. */
  start: 'kisimd.start',
  /** JSON of the policy as a point of the scorer's space, where it is one. */
  point: 'kisimd.point',
  /** Digest of the nodes that it was trained for; missing: for any. */
  cluster: 'kisimd.cluster',
} as const;

export const MODEL_KIND = 'placement-scorer';

/** Changes whenever a term does: a model reads numbers by their place, and knows nothing of what they mean. */
export const FEATURE_SET = `terms-${digestOf(placementTerms)}-${digestOf(waitTerms)}`;

function digestOf(terms: readonly TermDescription[]): string {
  const hash = createHash('sha256');
  for (const { name, unit, formula } of terms) hash.update(`${name}\n${unit}\n${formula}\n`);
  return `${terms.length}-${hash.digest('hex').slice(0, 12)}`;
}
