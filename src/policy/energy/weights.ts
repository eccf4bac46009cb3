import { errors } from '../errors.ts';
import { placementTerms, type TermDescription, waitTerms } from './term-table.ts';

/** Weights by the name of their term; terms that are not named weigh nothing. */
export type NamedWeights = Readonly<Record<string, number>>;

function vector(terms: readonly TermDescription[], named: NamedWeights, what: string): Float64Array {
  const weights = new Float64Array(terms.length);
  for (const [name, weight] of Object.entries(named)) {
    const position = terms.findIndex((term) => term.name === name);
    if (position < 0) throw errors.KISIM_E_POLICY_WEIGHTS(`there is no ${what} term ${name}`);
    if (!Number.isFinite(weight)) throw errors.KISIM_E_POLICY_WEIGHTS(`${name} weighs ${weight}`);
    weights[position] = weight;
  }
  return weights;
}

/** @throws KISIM_E_POLICY_WEIGHTS for an unknown name or a weight that is not finite */
export function placementWeights(named: NamedWeights): Float64Array {
  return vector(placementTerms, named, 'placement');
}

/** @throws KISIM_E_POLICY_WEIGHTS for an unknown name or a weight that is not finite */
export function waitWeights(named: NamedWeights): Float64Array {
  return vector(waitTerms, named, 'wait');
}
