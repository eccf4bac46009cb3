import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { ClientNodeApi } from '../../../src/kubernetes/client-node-api.ts';
import type { KubeObject } from '../../../src/kubernetes/kube-object.ts';
import { ListWatch, type ListWatchOptions } from '../../../src/kubernetes/list-watch.ts';
import { KisimError } from '../../../src/util/errors.ts';
import { seededRandom } from '../../../src/util/rng.ts';
import { connectedFake } from '../../support/connected-fake.ts';
import type { StoredObject } from '../../support/fake-api/objects.ts';
import type { FakeApiServer } from '../../support/fake-api-server.ts';
import { Told } from '../../support/told.ts';

interface Kept {
  readonly name: string;
  readonly colour: string;
}

const PATH = '/api/v1/configmaps';

let server: FakeApiServer;
let api: ClientNodeApi;
let close: () => Promise<void>;
let told: Told;
let waits: number[];
let now: number;
let watching: ListWatch<Kept> | undefined;

beforeEach(async () => {
  ({ server, api, close } = await connectedFake());
  told = new Told();
  waits = [];
  now = 0;
  server.watches.opened = () => told.add('watch');
});
afterEach(async () => {
  await watching?.stop();
  watching = undefined;
  await close();
});

function config(name: string, colour = 'red'): StoredObject {
  return server.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { colour } });
}

function recolour(name: string, colour: string): void {
  server.overwrite({ ...server.find('ConfigMap', name)!, data: { colour } });
}

function trim({ metadata, ...object }: KubeObject): Kept | undefined {
  assert(!('managedFields' in metadata));
  const { colour } = object['data'] as { colour: string };
  if (colour === 'broken') throw new Error(`${metadata.name} is broken`);
  return colour === 'invisible' ? undefined : { name: metadata.name, colour };
}

/** Starts to watch; what it tells, and where it waits, goes to `told`. */
function watch(more: Partial<ListWatchOptions<Kept>> = {}): ListWatch<Kept> {
  watching = new ListWatch<Kept>({
    api,
    path: PATH,
    trim,
    handlers: {
      applied: ({ name, colour }, before) => told.add(`${before?.colour ?? 'new'} -> ${colour} ${name}`),
      deleted: ({ name }) => told.add(`deleted ${name}`),
      listed: () => told.add('listed'),
    },
    trouble: (place, error) => {
      told.add(`${place}: ${error instanceof KisimError ? error.code : String(error)}`);
    },
    random: seededRandom(1),
    clock: { monotonicNanoseconds: () => now, unixMilliseconds: () => now / 1e6 },
    wait: async (milliseconds) => {
      waits.push(milliseconds);
      told.add('wait');
    },
    ...more,
  });
  watching.start();
  return watching;
}

function requestsOf(kind: 'list' | 'watch') {
  return server.requests.filter(({ query }) => (query['watch'] === 'true') === (kind === 'watch'));
}

describe('in good times', () => {
  test('what is there is listed in pages, and every change follows', async () => {
    for (let i = 0; i < 7; i++) config(`c${i}`);
    const list = watch({ pageSize: 3 });
    assert.equal(await list.synced, true);
    assert.equal(requestsOf('list').length, 3);
    assert.equal(list.size, 7);
    await told.has('watch');
    config('d', 'blue');
    recolour('d', 'green');
    server.remove(server.find('ConfigMap', 'd')!);
    await told.has('deleted d');
    assert.deepEqual(told.take(), [
      ...Array.from({ length: 7 }, (_, i) => `new -> red c${i}`),
      'listed',
      'watch',
      'new -> blue d',
      'blue -> green d',
      'deleted d',
    ]);
    assert.equal(list.state, 'watching');
    assert.deepEqual(
      [...list.values()].map(({ name }) => name),
      ['c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6'],
    );
    assert.deepEqual(waits, []);
  });

  test('a watch asks for bookmarks and an end within four to five minutes, and for what was selected', async () => {
    watch({ labelSelector: 'a=b', fieldSelector: 'metadata.name!=x' });
    await told.has('watch');
    const { query } = requestsOf('watch')[0]!;
    assert.equal(query['allowWatchBookmarks'], 'true');
    assert(Number(query['timeoutSeconds']) >= 240 && Number(query['timeoutSeconds']) < 300);
    for (const { query } of server.requests) {
      assert.equal(query['labelSelector'], 'a=b');
      assert.equal(query['fieldSelector'], 'metadata.name!=x');
    }
  });

  test('an end of the watch after a good while is followed by the next at once, from the last bookmark', async () => {
    watch();
    await told.has('watch');
    server.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'elsewhere' } });
    server.watches.bookmarkAll();
    now += 240e9;
    server.watches.endAll();
    await told.has('watch', 2);
    assert.deepEqual(waits, []);
    assert.equal(requestsOf('watch')[1]?.query['resourceVersion'], String(server.store.version));
    assert.equal(requestsOf('list').length, 1);
  });

  test('what trim has no use for is not there, and goes when it becomes so', async () => {
    config('hidden', 'invisible');
    config('shown');
    const list = watch();
    await told.has('watch');
    recolour('shown', 'invisible');
    recolour('hidden', 'red');
    await told.has('new -> red hidden');
    assert.deepEqual(told.take(), [
      'new -> red shown',
      'listed',
      'watch',
      'deleted shown',
      'new -> red hidden',
    ]);
    assert.equal(list.size, 1);
    assert.equal(list.get(server.find('ConfigMap', 'hidden')!.metadata.uid)?.name, 'hidden');
  });

  test('all is listed again when the last list is old, and only differences are told', async () => {
    config('same');
    config('changed');
    watch({ reconcileSeconds: 600 });
    await told.has('watch');
    // Changes that a watch, for whatever reason, never brings.
    server.watches.silence(true);
    recolour('changed', 'blue');
    config('missed');
    now += 600e9;
    server.watches.endAll();
    await told.has('watch', 2);
    assert.deepEqual(told.take().slice(3), [
      'watch',
      'red -> blue changed',
      'new -> red missed',
      'listed',
      'watch',
    ]);
  });

  test('after stop nothing is told', async () => {
    const list = watch();
    await told.has('watch');
    const stopped = list.stop();
    config('late');
    await stopped;
    assert.equal(list.state, 'stopped');
    await server.watches.allClosed();
    assert.deepEqual(told.take(), ['listed', 'watch']);
  });

  test('stopped before the first list is through, it was never in step', async () => {
    server.faults.add({ fault: 'hang', watch: false });
    const list = watch();
    const stopped = list.stop();
    assert.equal(await list.synced, false);
    await stopped;
    assert.deepEqual(told.all, []);
  });
});

describe('versions that are lost', () => {
  test('a watch from a version that is too old: listed again, deletions told before what is new', async () => {
    config('stays');
    const goes = config('goes');
    config('again');
    watch();
    await told.has('watch');
    told.take();
    server.watches.silence(true);
    server.remove(goes);
    server.remove(server.find('ConfigMap', 'again')!);
    config('again', 'blue');
    server.store.compact();
    server.watches.silence(false);
    server.watches.cutAll();
    await told.has('watch');
    const news = told.take();
    assert.deepEqual(news.slice(0, 2), ['watch: KISIM_E_KUBE_UNREACHABLE', 'wait']);
    assert.deepEqual(
      news.slice(2).sort(),
      ['deleted again', 'deleted goes', 'listed', 'new -> blue again', 'watch'].sort(),
    );
    assert(news.indexOf('deleted again') < news.indexOf('new -> blue again'));
  });

  test('410 as the status of a watch', async () => {
    server.faults.add({ watch: true, fault: { status: 410 } });
    watch();
    await told.has('watch');
    assert.equal(requestsOf('list').length, 2);
    assert.deepEqual(waits, []);
  });

  test('410 within a watch', async () => {
    watch();
    await told.has('watch');
    for (const open of server.watches.open) open.error(410, 'Expired', 'too old resource version');
    await told.has('watch', 2);
    assert.equal(requestsOf('list').length, 2);
    assert.deepEqual(waits, []);
  });

  test('a server whose watches are always too old is not asked in a tight loop', async () => {
    server.faults.add({ watch: true, times: 6, fault: { status: 410 } });
    watch();
    await told.has('watch');
    assert.equal(waits.length, 5);
    assert(waits.at(-1)! > waits[0]! * 4, `${waits}`);
  });

  test('pages that expire between one and the next are begun anew, in one piece', async () => {
    for (let i = 0; i < 4; i++) config(`c${i}`);
    const { list } = server.pages;
    let expired = false;
    server.pages.list = (...args) => {
      const page = list.apply(server.pages, args);
      if (!expired) server.pages.expire();
      expired = true;
      return page;
    };
    const watching = watch({ pageSize: 2 });
    await watching.synced;
    const lists = requestsOf('list').map(({ query }) => [query['limit'], 'continue' in query]);
    assert.deepEqual(lists, [
      ['2', false],
      ['2', true],
      [undefined, false],
    ]);
    assert.equal(watching.size, 4);
  });

  test('a page that fails in passing is asked for again, not the whole list', async () => {
    for (let i = 0; i < 6; i++) config(`c${i}`);
    const { list } = server.pages;
    let pages = 0;
    server.pages.list = (...args) => {
      const page = list.apply(server.pages, args);
      pages += 1;
      if (pages === 1) {
        server.faults.add({ fault: { status: 500 } });
        server.faults.add({ fault: { status: 429, headers: { 'retry-after': '2' } } });
      }
      return page;
    };
    const watching = watch({ pageSize: 2 });
    await watching.synced;
    assert.equal(watching.size, 6);
    const fromTheBeginning = requestsOf('list').filter(({ query }) => !('continue' in query));
    assert.deepEqual([fromTheBeginning.length, requestsOf('list').length, pages], [1, 5, 3]);
    assert.equal(told.all.filter((line) => line.startsWith('list: ')).length, 2);
    assert(waits[1]! >= 2000, `${waits}`);
  });

  test('a page that fails for good ends its list', async () => {
    for (let i = 0; i < 4; i++) config(`c${i}`);
    const { list } = server.pages;
    let pages = 0;
    server.pages.list = (...args) => {
      const page = list.apply(server.pages, args);
      pages += 1;
      for (let i = 0; i < 5 && pages === 1; i++) server.faults.add({ fault: { status: 500 } });
      return page;
    };
    await watch({ pageSize: 2 }).synced;
    const fromTheBeginning = requestsOf('list').filter(({ query }) => !('continue' in query));
    assert.equal(fromTheBeginning.length, 2);
  });

  test('a page that changes while it is read is as it was at first; the watch brings the rest', async () => {
    for (let i = 0; i < 4; i++) config(`c${i}`);
    const { list } = server.pages;
    server.pages.list = (...args) => {
      const page = list.apply(server.pages, args);
      if (server.find('ConfigMap', 'c9') === undefined) config('c9');
      return page;
    };
    watch({ pageSize: 2 });
    await told.has('new -> red c9');
    assert(told.all.indexOf('listed') < told.all.indexOf('new -> red c9'));
  });
});

describe('in bad times', () => {
  test('a cut watch goes on where it was', async () => {
    config('a');
    watch();
    await told.has('watch');
    server.watches.cutAll();
    await told.has('watch', 2);
    config('b');
    await told.has('new -> red b');
    assert.deepEqual(told.take(), [
      'new -> red a',
      'listed',
      'watch',
      'watch: KISIM_E_KUBE_UNREACHABLE',
      'wait',
      'watch',
      'new -> red b',
    ]);
    assert.equal(requestsOf('list').length, 1);
  });

  test('what happens while nobody watches comes with the next watch', async () => {
    watch();
    await told.has('watch');
    server.watches.silence(true);
    config('quiet');
    server.watches.silence(false);
    server.watches.cutAll();
    await told.has('new -> red quiet');
  });

  test('a silent watch is left', async () => {
    watch({ inactivityMilliseconds: 30 });
    await told.has('watch');
    await told.has('watch: KISIM_E_KUBE_TIMEOUT');
    await told.has('watch', 2);
  });

  test('a watch that was silent for long, because nothing changes, is asked for again without a word', async () => {
    server.watches.opened = () => {
      now += 130e9;
      told.add('watch');
    };
    watch({ inactivityMilliseconds: 20 });
    await told.has('watch', 3);
    assert.deepEqual(told.all, ['listed', 'watch', 'watch', 'watch']);
    assert.deepEqual(waits, []);
    assert.equal(requestsOf('list').length, 1);
  });

  test('watches that end at once, without an event, are not asked for in a tight loop', async () => {
    server.watches.opened = (open) => {
      told.add('watch');
      if (told.all.filter((each) => each === 'watch').length < 6) open.end();
    };
    watch();
    await told.has('watch', 6);
    assert.equal(waits.length, 5);
    assert(waits.at(-1)! > waits[0]! * 4, `${waits}`);
  });

  test('after three watches in a row that brought nothing all is listed again', async () => {
    server.faults.add({ watch: true, times: 3, fault: { status: 500 } });
    watch();
    await told.has('watch');
    assert.deepEqual(told.all, [
      'listed',
      ...Array.from({ length: 3 }, () => ['watch: KISIM_E_KUBE_ANSWER', 'wait']).flat(),
      'listed',
      'watch',
    ]);
  });

  test('waits grow to ten seconds and begin anew after an event', async () => {
    server.faults.add({ watch: false, times: 12, fault: 'cut' });
    watch();
    await told.has('watch');
    assert(waits[0]! >= 50 && waits[0]! <= 100, `${waits}`);
    assert(waits[11]! >= 5000 && waits[11]! <= 10_000, `${waits}`);
    config('a');
    await told.has('new -> red a');
    server.watches.cutAll();
    await told.has('watch', 2);
    assert(waits[12]! <= 100, `${waits}`);
  });

  for (const what of ['list', 'watch'] as const) {
    test(`429 for a ${what}: left alone for as long as the server wants`, async () => {
      const fault = { status: 429, headers: { 'retry-after': '5' } };
      server.faults.add({ watch: what === 'watch', fault });
      watch();
      await told.has('watch');
      assert.equal(waits.length, 1);
      assert(waits[0]! >= 5000 && waits[0]! <= 5100, `${waits}`);
      assert.equal(requestsOf('list').length, what === 'list' ? 2 : 1);
    });
  }

  test('an error within a watch that is no 410: told, then listed again or asked again', async () => {
    watch();
    await told.has('watch');
    for (const open of server.watches.open) open.error(500, 'InternalError', 'etcd timed out');
    await told.has('watch', 2);
    assert.equal(requestsOf('list').length, 1);
    for (const open of server.watches.open) open.error(400, 'BadRequest', 'no such version');
    await told.has('watch', 3);
    assert.equal(requestsOf('list').length, 2);
    assert.equal(told.all.filter((each) => each === 'watch: KISIM_E_KUBE_ANSWER').length, 2);
  });

  test('a verb that is forbidden is told as that, until it is granted', async () => {
    server.forbidden.add('list configmaps');
    const found: string[] = [];
    const list = watch({
      trouble: (_, error) => {
        found.push((error as KisimError).code, (error as KisimError).found);
        server.forbidden.clear();
      },
    });
    await list.synced;
    assert.equal(found[0], 'KISIM_E_KUBE_FORBIDDEN');
    assert.match(found[1]!, /cannot list resource "configmaps"/);
  });

  test('a list that is none', async () => {
    server.faults.add({ watch: false, fault: { status: 200, body: { kind: 'Nonsense' } } });
    await watch().synced;
    assert.deepEqual(told.all.slice(0, 2), ['list: KISIM_E_KUBE_ANSWER', 'wait']);
  });

  test('a server that restarts', async () => {
    config('a');
    watch();
    await told.has('watch');
    const { port } = server;
    await server.close();
    await told.has('wait', 4);
    config('b');
    await server.listen(port);
    await told.has('new -> red b');
    assert(!told.all.includes('deleted a'));
  });
});

describe('objects and handlers that fail', () => {
  test('a handler that throws loses nothing', async () => {
    let calls = 0;
    watch({
      handlers: {
        applied: ({ name }) => {
          calls += 1;
          if (name === 'bad') throw new Error('cannot');
          told.add(name);
        },
        deleted: ({ name }) => told.add(`deleted ${name}`),
      },
    });
    await told.has('watch');
    config('bad');
    config('good');
    await told.has('good');
    now += 20e9;
    server.watches.endAll();
    await told.has('watch', 2);
    server.remove(server.find('ConfigMap', 'bad')!);
    await told.has('deleted bad');
    assert.equal(calls, 2);
    assert.deepEqual(told.take(), ['watch', 'handler: Error: cannot', 'good', 'watch', 'deleted bad']);
  });

  test('an object that cannot be read is told; what was known of it stays until it can be', async () => {
    config('a');
    config('b', 'broken');
    const list = watch();
    await told.has('watch');
    recolour('a', 'broken');
    recolour('a', 'blue');
    await told.has('red -> blue a');
    assert.deepEqual(told.take(), [
      'object: Error: b is broken',
      'new -> red a',
      'listed',
      'watch',
      'object: Error: a is broken',
      'red -> blue a',
    ]);
    assert.equal(list.size, 1);
  });
});
