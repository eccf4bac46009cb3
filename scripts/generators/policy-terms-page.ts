import { energyRules, requestRulePoints, waitRules } from '../../src/policy/energy/rules.ts';
import { placementTerms, type TermDescription, waitTerms } from '../../src/policy/energy/term-table.ts';
import { policyNames, policyWrappers } from '../../src/policy/registry.ts';
import { cell, generatedNotice, table } from './markdown.ts';

function termTable(terms: readonly TermDescription[]): string {
  const rows = terms.map(({ name, unit, formula, meaning }, position) => [
    String(position),
    `\`${name}\``,
    unit,
    cell(formula),
    cell(meaning),
  ]);
  return table(['', 'term', 'unit', 'formula', 'meaning'], rows);
}

function pointOf(weights: Float64Array, terms: readonly TermDescription[]): string {
  return terms
    .flatMap(({ name }, term) => (weights[term] === 0 ? [] : [`${weights[term]} ${name}`]))
    .join(' + ')
    .replaceAll('+ -', '- ');
}

/** docs/developer/policy-terms.md */
export function policyTermsPage(): string {
  const wrappers = policyWrappers.flatMap(({ name, summary, variants }) =>
    variants === undefined
      ? [[`\`+${name}\``, summary]]
      : variants.map((variant) => [`\`+${name}:${variant.name}\``, variant.summary]),
  );
  const points = [...energyRules.map(({ rule }) => rule), ...requestRulePoints];
  return `# Policies, terms and points

${generatedNotice} What the rules mean and where they come from is in [policies.md](policies.md).

## Policies

${table(
  ['name', 'in one line'],
  policyNames.map(({ name, summary }) => [`\`${name}\``, cell(summary)]),
)}

Behind any name, from left to right:

${table(
  ['change', 'in one line'],
  wrappers.map(([name, summary]) => [name!, cell(summary!)]),
)}

## Placement terms

d: predicted seconds of the pod (1 s to a day); p, U: milli-cores that the pod, and the node, are predicted to use; C:
milli-cores of the node; c, m: shares of CPU and memory; P: watts of the node; L: seconds until its last pod ends; s: watts
a milli-core at full load, without idle where the node never sleeps.

${termTable(placementTerms)}

## Wait terms

${termTable(waitTerms)}

## Points

${table(
  ['rule', 'weighted sum of placement terms, least wins', 'told in'],
  points.map(({ name, weights, unit }) => [`\`${name}\``, pointOf(weights, placementTerms), unit]),
)}

${table(
  ['wait rule', 'weighted sum of wait terms, waits above 0'],
  waitRules.map(({ name, weights }) => [`\`${name}\``, pointOf(weights, waitTerms)]),
)}
`;
}
