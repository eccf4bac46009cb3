import type { LabelRequirement, LabelSelector, Labels } from '../../cluster/labels.ts';

/** The value of a label, or undefined; names such as `constructor` are labels like any other. */
export function labelOf(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

function matchesRequirement(requirement: LabelRequirement, labels: Labels): boolean {
  const value = labelOf(labels, requirement.key);
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && requirement.values.includes(value);
    case 'NotIn':
      return value === undefined || !requirement.values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

/** Whether labels satisfy a selector: all of its requirements; a selector that is missing matches nothing. */
export function matchesSelector(selector: LabelSelector | undefined, labels: Labels): boolean {
  return selector?.every((requirement) => matchesRequirement(requirement, labels)) ?? false;
}

/**
 * Adds the pod's own values of the keys as requirements, as the API server does when a pod with matchLabelKeys or
 * mismatchLabelKeys is made. Keys that the pod does not have are left out; a missing selector stays missing.
 */
export function withLabelKeys(
  selector: LabelSelector | undefined,
  keys: readonly string[],
  operator: 'In' | 'NotIn',
  labels: Labels,
): LabelSelector | undefined {
  if (selector === undefined || keys.length === 0) return selector;
  const added: LabelRequirement[] = [];
  for (const key of keys) {
    const value = labelOf(labels, key);
    if (value !== undefined) added.push({ key, operator, values: [value] });
  }
  return [...selector, ...added];
}
