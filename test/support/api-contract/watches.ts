import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KubeRequest, WatchEvent } from '../../../src/kubernetes/kube-api.ts';
import type { KubeObject } from '../../../src/kubernetes/kube-object.ts';
import { statusOf } from '../../../src/kubernetes/refusal.ts';
import { type ContractClient, succeeded } from '../api-contract.ts';

/** Watches: what they begin with, what they tell, how they end. */
export function watchContract(own: () => ContractClient, forget: () => void | Promise<void>): void {
  const labels = (value: string) => ({ watch: value });
  const create = (value: string) =>
    own().create('configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: own().name('watched'), labels: labels(value) },
    });
  const relabel = async (map: KubeObject, value: string): Promise<void> => {
    const path = own().path('configmaps', map.metadata.name);
    succeeded(await own().patch(path, 'merge', { metadata: { labels: labels(value) } }));
  };
  /** Events until there are so many, or the server ends the watch. */
  const watch = async (
    query: KubeRequest['query'],
    most: number,
    act: (soFar: readonly WatchEvent[]) => Promise<void> = async () => undefined,
  ): Promise<readonly WatchEvent[]> => {
    const stop = new AbortController();
    const { status, events } = await own().api.watch({
      path: own().path('configmaps'),
      query: { timeoutSeconds: 30, ...query },
      signal: stop.signal,
      inactivityMilliseconds: 100_000,
    });
    assert.equal(status, 200);
    const seen: WatchEvent[] = [];
    await act(seen);
    for await (const event of events) {
      seen.push(event);
      if (seen.length === most) break;
      await act(seen);
    }
    return seen;
  };
  const told = (events: readonly WatchEvent[]) =>
    events.map(({ type, object }) => `${type} ${(object as KubeObject).metadata.name}`);

  describe('a watch', () => {
    test('from no version begins with what is there', async () => {
      const map = await create('begins');
      const events = await watch({ labelSelector: 'watch=begins' }, 1);
      assert.deepEqual(told(events), [`ADDED ${map.metadata.name}`]);
      const { kind, metadata } = events[0]!.object as KubeObject;
      assert.equal(kind, 'ConfigMap');
      assert.equal(metadata.uid, map.metadata.uid);
    });

    test('from a version tells all that came after it, in order', async () => {
      const map = await create('after');
      const { name, resourceVersion } = map.metadata;
      await relabel(map, 'after-2');
      succeeded(await own().ask('DELETE', own().path('configmaps', name)));
      const other = await create('after');
      const events = await watch({ resourceVersion }, 3);
      assert.deepEqual(told(events), [`MODIFIED ${name}`, `DELETED ${name}`, `ADDED ${other.metadata.name}`]);
      const versions = events.map(({ object }) => Number((object as KubeObject).metadata.resourceVersion));
      assert.deepEqual(
        versions,
        versions.toSorted((a, b) => a - b),
      );
    });

    test('what comes into its selection is new, what leaves it is deleted', async () => {
      const map = await create('outside');
      const { name, resourceVersion } = map.metadata;
      const events = await watch({ resourceVersion, labelSelector: 'watch=inside' }, 2, async (seen) => {
        await relabel(map, seen.length === 0 ? 'inside' : 'outside');
      });
      assert.deepEqual(told(events), [`ADDED ${name}`, `DELETED ${name}`]);
      const last = (events[1]!.object as KubeObject).metadata.resourceVersion;
      const now = succeeded(await own().ask('GET', own().path('configmaps', name)));
      assert.equal(last, now.metadata.resourceVersion);
    });

    test('ends in good order at its time', async () => {
      const { metadata } = await create('ends');
      const query = { labelSelector: 'watch=ends', timeoutSeconds: 2, allowWatchBookmarks: true };
      const events = await watch({ ...query, resourceVersion: metadata.resourceVersion }, 10);
      assert(
        events.every(({ type }) => type === 'BOOKMARK'),
        told(events).join(),
      );
    });

    // The real server does so once a minute, and only where something of the kind has changed since.
    test('tells its version now and then where that was asked for', async () => {
      const { metadata } = await create('bookmark');
      const { resourceVersion } = metadata;
      const query = { labelSelector: 'watch=bookmark', timeoutSeconds: 65, allowWatchBookmarks: true };
      const events = await watch({ ...query, resourceVersion }, 1, async () => {
        await create('beside-it');
      });
      assert.equal(events[0]?.type, 'BOOKMARK');
      const { kind, metadata: marked } = events[0].object as KubeObject;
      assert.equal(kind, 'ConfigMap');
      assert(Number(marked.resourceVersion) > Number(resourceVersion));
      assert.equal(marked.name, undefined);
    });

    test('from a version that is too old ends with 410', async () => {
      const { metadata } = await create('forgotten');
      await create('forgotten');
      await forget();
      const stop = new AbortController();
      const { status, events, body } = await own().api.watch({
        path: own().path('configmaps'),
        query: { resourceVersion: metadata.resourceVersion, timeoutSeconds: 30 },
        signal: stop.signal,
        inactivityMilliseconds: 100_000,
      });
      const seen: WatchEvent[] = [];
      for await (const event of events) seen.push(event);
      const said = status === 200 ? seen.at(-1)?.object : body;
      assert.equal(status === 200 ? seen.length : 0, status === 200 ? 1 : 0);
      assert.equal(statusOf(said)?.code, 410, JSON.stringify(said));
      assert.match(statusOf(said)?.message ?? '', /too old resource version/);
    });
  });
}
