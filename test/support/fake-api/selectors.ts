import { fieldsOf, isFields, type StoredObject } from './objects.ts';
import { refusals } from './status.ts';

export type Matches = (object: StoredObject) => boolean;

/** `a=b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`, with commas between. */
export function labelMatcher(selector: string): Matches {
  const parts = selector.split(/,(?![^(]*\))/).filter((part) => part.trim() !== '');
  const requirements = parts.map((part) => requirement(part.trim()));
  return (object) => {
    const labels = fieldsOf(object, 'metadata', 'labels');
    return requirements.every((holds) => holds(labels));
  };
}

function requirement(text: string): (labels: Readonly<Record<string, unknown>>) => boolean {
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(text);
  if (set !== null) {
    const values = set[3]!.split(',').map((value) => value.trim());
    return (labels) => values.includes(String(labels[set[1]!])) === (set[2] === 'in');
  }
  const pair = /^([^=!\s]+)\s*(==?|!=)\s*(\S*)$/.exec(text);
  if (pair !== null) return (labels) => (labels[pair[1]!] === pair[3]) === (pair[2] !== '!=');
  const name = /^(!?)\s*([^=!\s]+)$/.exec(text);
  if (name === null) throw refusals.badRequest(`unable to parse requirement: ${text}`);
  return (labels) => (labels[name[2]!] !== undefined) === (name[1] === '');
}

/** `metadata.name=a`, `status.phase!=Failed`, with commas between. An absent field is empty. */
export function fieldMatcher(selector: string): Matches {
  const requirements = selector
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const pair = /^([\w.]+)(==?|!=)(.*)$/.exec(part);
      if (pair === null) throw refusals.badRequest(`invalid selector: '${part}'; can't understand '${part}'`);
      return { path: pair[1]!.split('.'), value: pair[3]!, equal: pair[2] !== '!=' };
    });
  return (object) =>
    requirements.every(({ path, value, equal }) => {
      let at: unknown = object;
      for (const key of path) at = isFields(at) ? at[key] : undefined;
      return String(at ?? '') === value ? equal : !equal;
    });
}
