import { apiVersionOf, resources } from './resources.ts';

/** What the server says of itself; undefined for a path that is not there. */
export function discovery(path: string, gitVersion: string, withoutPolicies = false): unknown {
  if (path === '/version') {
    const [major, minor] = gitVersion.slice(1).split('.');
    return { major, minor, gitVersion, platform: 'linux/amd64' };
  }
  if (path === '/readyz' || path === '/livez') return 'ok';
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] };
  const groups = [...new Set(resources.map(({ group }) => group))].filter((group) => group !== '');
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(groupOf) };
  const group = groups.find((each) => path === `/apis/${each}`);
  if (group !== undefined) return { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(group) };
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

function groupOf(name: string): object {
  const versions = [
    ...new Set(resources.filter(({ group }) => group === name).map(({ version }) => version)),
  ];
  const list = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: list, preferredVersion: list[0] };
}
