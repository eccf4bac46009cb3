import { apiVersionOf, resources as everything, type Resource } from './resources.ts';

export interface Served {
  readonly gitVersion: string;
  /** As servers before 1.36 are, without MutatingAdmissionPolicy. */
  readonly withoutPolicies?: boolean;
  readonly hasKueue?: boolean;
}

/** Add-ons are there where they are installed. */
export function isServed({ addOn }: Resource, { hasKueue = false }: Pick<Served, 'hasKueue'>): boolean {
  return addOn === undefined || hasKueue;
}

/** What the server says of itself; undefined for a path that is not there. */
export function discovery(path: string, served: Served): unknown {
  const { gitVersion, withoutPolicies = false } = served;
  const resources = everything.filter((each) => isServed(each, served));
  if (path === '/version') {
    const [major, minor] = gitVersion.slice(1).split('.');
    return { major, minor, gitVersion, platform: 'linux/amd64' };
  }
  if (path === '/readyz' || path === '/livez') return 'ok';
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] };
  const groups = [...new Set(resources.map(({ group }) => group))].filter((group) => group !== '');
  if (path === '/apis')
    return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map((name) => groupOf(name, resources)) };
  const group = groups.find((each) => path === `/apis/${each}`);
  if (group !== undefined) return { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(group, resources) };
  const groupVersion = path.replace(/^\/apis?\//, '');
  const here = resources.filter(
    (each) =>
      apiVersionOf(each) === groupVersion &&
      !(withoutPolicies && each.kind.startsWith('MutatingAdmissionPolicy')),
  );
  if (here.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion,
    resources: here.map(({ plural, kind, namespaced }) => ({
      name: plural,
      singularName: kind.toLowerCase(),
      namespaced,
      kind,
      verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
    })),
  };
}

function groupOf(name: string, resources: readonly Resource[]): object {
  const versions = [
    ...new Set(resources.filter(({ group }) => group === name).map(({ version }) => version)),
  ];
  const list = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: list, preferredVersion: list[0] };
}
