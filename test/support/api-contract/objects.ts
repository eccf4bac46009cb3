import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KubeObject } from '../../../src/kubernetes/kube-object.ts';
import { readList } from '../../../src/kubernetes/object-list.ts';
import { type ContractClient, refused, succeeded } from '../api-contract.ts';

function configMap(name: string, metadata: object = {}): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data: { a: '1' } };
}

/** What holds for every kind: names, versions, lists, patches. */
export function objectContract(own: () => ContractClient): void {
  describe('any object', () => {
    test('the server says which version it is, and 404 for what it has not', async () => {
      const { body } = await own().ask('GET', '/version');
      assert.match((body as { gitVersion: string }).gitVersion, /^v1\.\d+\.\d+/);
      assert.equal((await own().ask('GET', '/nowhere')).status, 404);
      const { status } = await own().ask('GET', '/apis/admissionregistration.k8s.io/v1');
      assert.equal(status, 200);
    });

    test('a created object has an identity and a version', async () => {
      const name = own().name('map');
      const { metadata } = await own().create('configmaps', configMap(name));
      assert.equal(metadata.name, name);
      assert.equal(metadata.namespace, own().namespace);
      assert.match(metadata.uid, /^[0-9a-f-]{36}$/);
      assert.match(metadata.resourceVersion, /^\d+$/);
      assert.match(String(metadata['creationTimestamp']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      assert(Array.isArray(metadata['managedFields']));
    });

    test('names: the same again, none, one made by the server, of another namespace, of no namespace', async () => {
      const name = own().name('map');
      await own().create('configmaps', configMap(name));
      const path = own().path('configmaps');
      refused(
        await own().ask('POST', path, configMap(name)),
        409,
        'AlreadyExists',
        `configmaps "${name}" already exists`,
      );
      refused(await own().ask('POST', path, configMap('')), 422, 'Invalid', /metadata\.name: Required value/);
      const made = await own().create('configmaps', configMap('', { generateName: 'made-' }));
      assert.match(made.metadata.name, /^made-.{5}$/);
      refused(await own().ask('POST', path, configMap('x', { namespace: 'other' })), 400, 'BadRequest');
      refused(
        await own().ask('POST', '/api/v1/namespaces/none/configmaps', configMap('x')),
        404,
        'NotFound',
        'namespaces "none" not found',
      );
    });

    test('an object of another kind is refused', async () => {
      refused(
        await own().ask('POST', own().path('pods'), configMap('x')),
        400,
        'BadRequest',
        /ConfigMap in version "v1" cannot be handled as a Pod/,
      );
    });

    test('what is not there', async () => {
      for (const method of ['GET', 'DELETE', 'PUT'] as const) {
        const body = method === 'PUT' ? configMap('none', { resourceVersion: '1' }) : undefined;
        refused(
          await own().ask(method, own().path('configmaps', 'none'), body),
          404,
          'NotFound',
          'configmaps "none" not found',
        );
      }
      const patched = await own().patch(own().path('configmaps', 'none'), 'merge', {});
      refused(patched, 404, 'NotFound', 'configmaps "none" not found');
    });

    test('replaced at its version or at none, not at an old one, and not another with its name', async () => {
      const first = await own().create('configmaps', configMap(own().name('map')));
      const path = own().path('configmaps', first.metadata.name);
      const second = succeeded(await own().ask('PUT', path, { ...first, data: { a: '2' } }));
      assert.notEqual(second.metadata.resourceVersion, first.metadata.resourceVersion);
      refused(
        await own().ask('PUT', path, { ...first, data: { a: '3' } }),
        409,
        'Conflict',
        `Operation cannot be fulfilled on configmaps "${first.metadata.name}": the object has been modified; please apply your changes to the latest version and try again`,
      );
      const { resourceVersion: _, ...unversioned } = second.metadata;
      succeeded(await own().ask('PUT', path, { ...second, metadata: unversioned, data: { a: '4' } }));
      const other = { ...unversioned, uid: '00000000-0000-0000-0000-000000000000' };
      refused(await own().ask('PUT', path, { ...second, metadata: other }), 409, 'Conflict', /UID/);
    });

    test('a write that changes nothing makes no version', async () => {
      const first = await own().create('configmaps', configMap(own().name('map')));
      const path = own().path('configmaps', first.metadata.name);
      const same = succeeded(await own().patch(path, 'merge', { data: { a: '1' } }));
      assert.equal(same.metadata.resourceVersion, first.metadata.resourceVersion);
    });

    test('a merge patch sets, and removes with null', async () => {
      const { metadata } = await own().create('configmaps', configMap(own().name('map')));
      const path = own().path('configmaps', metadata.name);
      const patched = succeeded(await own().patch(path, 'merge', { data: { a: null, b: '2' } }));
      assert.deepEqual(patched['data'], { b: '2' });
    });

    test('a JSON Patch is all or nothing; what it replaces need not be there', async () => {
      const { metadata } = await own().create('configmaps', configMap(own().name('map')));
      const path = own().path('configmaps', metadata.name);
      const add = { op: 'add', path: '/data/b', value: '2' };
      const good = [{ op: 'test', path: '/metadata/uid', value: metadata.uid }, add];
      assert.deepEqual(succeeded(await own().patch(path, 'json', good))['data'], { a: '1', b: '2' });
      const bad = [
        [
          { op: 'add', path: '/data/c', value: '3' },
          { op: 'test', path: '/metadata/uid', value: 'another' },
        ],
        [{ op: 'remove', path: '/data/none' }],
        [{ op: 'replace', path: '/none/none', value: '' }],
        [{ op: 'add', path: '/none/c', value: '3' }],
        [{ op: 'test', path: '/data/none', value: '' }],
        [{ op: 'add', path: '/metadata/finalizers/7', value: 'x' }],
      ];
      for (const patch of bad)
        refused(
          await own().patch(path, 'json', patch),
          422,
          'Invalid',
          'the server rejected our request due to an error in our request',
        );
      const replaced = await own().patch(path, 'json', [{ op: 'replace', path: '/data/new', value: '4' }]);
      assert.deepEqual(succeeded(replaced)['data'], { a: '1', b: '2', new: '4' });
      const stale = [{ op: 'replace', path: '/metadata/resourceVersion', value: metadata.resourceVersion }];
      refused(
        await own().patch(path, 'json', [...stale, { ...add, value: '9' }]),
        409,
        'Conflict',
        /has been modified/,
      );
      assert.deepEqual(succeeded(await own().ask('GET', path))['data'], { a: '1', b: '2', new: '4' });
    });

    test('names with slashes and tildes in a JSON Patch', async () => {
      const labels = { 'a.example/x': '1' };
      const { metadata } = await own().create('configmaps', configMap(own().name('map'), { labels }));
      const path = own().path('configmaps', metadata.name);
      const patch = [{ op: 'replace', path: '/metadata/labels/a.example~1x', value: '2' }];
      const patched = succeeded(await own().patch(path, 'json', patch));
      assert.deepEqual(patched.metadata['labels'], { 'a.example/x': '2' });
    });

    test('applied by one manager: made, changed, and without what it names no more', async () => {
      const name = own().name('map');
      const path = own().path('configmaps', name);
      const apply = (data: object) =>
        own().patch(
          path,
          'apply',
          { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data },
          { fieldManager: 'contract' },
        );
      succeeded(await apply({ a: '1', b: '2' }), 201);
      assert.deepEqual(succeeded(await own().patch(path, 'merge', { data: { c: '3' } }))['data'], {
        a: '1',
        b: '2',
        c: '3',
      });
      assert.deepEqual(succeeded(await apply({ a: '5' }))['data'], { a: '5', c: '3' });
    });

    test('deleted for good, unless a precondition says that it is another one', async () => {
      const { metadata } = await own().create('configmaps', configMap(own().name('map')));
      const path = own().path('configmaps', metadata.name);
      const preconditions = { uid: '00000000-0000-0000-0000-000000000000' };
      refused(await own().ask('DELETE', path, { preconditions }), 409, 'Conflict');
      succeeded(await own().ask('DELETE', path, { preconditions: { uid: metadata.uid } }));
      refused(await own().ask('GET', path), 404, 'NotFound');
    });

    test('a list comes in pages of one version, its items without kind', async () => {
      const labels = { list: 'pages' };
      for (let i = 0; i < 5; i++) await own().create('configmaps', configMap(`page-${i}`, { labels }));
      const names: string[] = [];
      const versions = new Set<string>();
      let from: string | undefined;
      let pages = 0;
      do {
        const query = { limit: 2, labelSelector: 'list=pages', continue: from };
        const path = own().path('configmaps');
        const response = await own().api.request({ method: 'GET', path, query });
        const page = readList(path, succeeded(response));
        assert(page.items.every((item: KubeObject) => item['kind'] === undefined));
        names.push(...page.items.map((item) => item.metadata.name));
        versions.add(page.resourceVersion);
        from = page.continueFrom;
        pages += 1;
      } while (from !== undefined);
      assert.deepEqual(names, ['page-0', 'page-1', 'page-2', 'page-3', 'page-4']);
      assert.equal(pages, 3);
      assert.equal(versions.size, 1);
    });

    test('a place to go on from that the server never gave', async () => {
      const query = { limit: 2, continue: 'nonsense' };
      const response = await own().api.request({ method: 'GET', path: own().path('configmaps'), query });
      refused(response, 400, 'BadRequest', /continue key is not valid/);
    });

    const selectors: readonly (readonly [selector: string, names: readonly string[]])[] = [
      ['colour=red', ['s-red']],
      ['colour!=red,own=selected', ['s-blue', 's-none']],
      ['colour in (red, blue)', ['s-blue', 's-red']],
      ['colour notin (red),own=selected', ['s-blue', 's-none']],
      ['colour,own==selected', ['s-blue', 's-red']],
      ['!colour,own=selected', ['s-none']],
    ];
    test('label selectors', async () => {
      for (const colour of ['red', 'blue', 'none']) {
        const labels = { own: 'selected', ...(colour === 'none' ? {} : { colour }) };
        await own().create('configmaps', configMap(`s-${colour}`, { labels }));
      }
      const path = own().path('configmaps');
      for (const [labelSelector, names] of selectors) {
        const response = await own().api.request({ method: 'GET', path, query: { labelSelector } });
        const found = readList(path, response.body).items.map(({ metadata }) => metadata.name);
        assert.deepEqual(found, names, labelSelector);
      }
      const response = await own().api.request({ method: 'GET', path, query: { labelSelector: '=,=' } });
      refused(response, 400, 'BadRequest');
    });

    test('a namespace has the label of its name', async () => {
      const { metadata } = succeeded(await own().ask('GET', `/api/v1/namespaces/${own().namespace}`));
      assert.deepEqual(metadata['labels'], { 'kubernetes.io/metadata.name': own().namespace });
    });
  });
}
