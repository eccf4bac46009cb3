import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EntityShare, ZoneInterval } from '../../../../src/attribution/interval.ts';
import { MeteredCounters } from '../../../../src/daemon/placement/metered-counters.ts';
import { EnergyReader } from '../../../../src/kubernetes/energy/epoch-counters.ts';
import { silentLogger } from '../../../../src/util/log.ts';
import { anEntity, anInterval, aZone, share, zoneGap, zoneInterval } from '../../../support/intervals.ts';
import { anIdentity } from '../../../support/node-identities.ts';

const zone = aZone();
const nodes = [
  anIdentity('self', { bootId: 'b0' }),
  anIdentity('minikube', { bootId: 'b1' }),
  anIdentity('far', { bootId: 'b2' }),
];
const minikube = anEntity('vm', 'minikube', { key: 'vm:7:1', vmId: '7:1' });

class Host {
  readonly counters = new MeteredCounters({
    host: { names: ['self'], machineId: '', bootId: 'b0', addresses: [] },
    clock: { monotonicNanoseconds: () => 0, unixMilliseconds: () => 5 },
    log: silentLogger,
  });
  readonly reader = new EnergyReader(this.counters);
  #second = 0;

  /** A second in which the host burns 30 J idle and 20 J for its work. */
  tick(
    shares: readonly EntityShare[] = [share(minikube, [5])],
    zones: readonly ZoneInterval[] = [zoneInterval(zone, { idle: 30, active: 20 })],
    remarks: readonly string[] = [],
  ): void {
    this.#second += 1;
    this.counters.accept(anInterval(this.#second, zones, shares, { remarks }));
  }

  async joules(): Promise<Record<string, number | string>> {
    const { nodes: found, missing } = await this.reader.read();
    return Object.fromEntries([
      ...missing,
      ...[...found].map(([node, { joules }]) => [node, joules] as const),
    ]);
  }
}

const elsewhere = 'it is neither this host nor a guest of it';

describe('what this host meters of a cluster', () => {
  test('of itself all, of a guest what it is charged with, of others nothing', async () => {
    const host = new Host();
    host.counters.setNodes(nodes);
    host.tick();
    host.tick();
    assert.deepEqual(await host.joules(), { self: 100, minikube: 10, far: elsewhere });
    assert.equal(host.counters.nodeOf(minikube), 'minikube');
    assert.deepEqual(host.counters.guestNodes, ['minikube']);
  });

  test('the sums begin when the nodes are known, and end when they are not', async () => {
    const host = new Host();
    host.tick();
    host.counters.setNodes(nodes);
    assert.deepEqual((await host.joules())['minikube'], 0);
    host.tick();
    assert.deepEqual((await host.joules())['minikube'], 5);
    host.counters.setNodes([]);
    assert.deepEqual(await host.joules(), {});
    assert.equal(host.counters.nodeOf(minikube), undefined);
  });

  test('before the meter has measured anything the nodes are missing', async () => {
    const host = new Host();
    host.counters.setNodes(nodes);
    assert.deepEqual((await host.joules())['self'], 'the meter has measured nothing yet');
  });

  test('a guest that is started again is the same node, and its sum goes on', async () => {
    const host = new Host();
    host.counters.setNodes(nodes);
    host.tick();
    await host.joules();
    for (let second = 0; second < 3700; second++) host.tick([]);
    host.tick([share(anEntity('vm', 'minikube', { key: 'vm:9:2', vmId: '9:2' }), [8])]);
    const { minikube: after } = await host.joules();
    // Gone for an hour: it is a new sum, and said so.
    assert.equal(after, 'it is metered here from now on');
    const soon = new Host();
    soon.counters.setNodes(nodes);
    soon.tick();
    soon.tick([share(anEntity('vm', 'minikube', { key: 'vm:7:1', vmId: '7:1' }), [8])]);
    assert.equal((await soon.joules())['minikube'], 13);
  });

  test('energy that was unknown for a moment makes all missing once', async () => {
    const host = new Host();
    host.counters.setNodes(nodes);
    host.tick();
    await host.joules();
    host.tick(undefined, [zoneGap(zone, 'unreadable')]);
    host.tick();
    const reason = 'energy of package-0 (unreadable) was unknown';
    assert.deepEqual(await host.joules(), { self: reason, minikube: reason, far: elsewhere });
    host.tick();
    assert.equal((await host.joules())['self'], 150);
  });

  test('a failed scan leaves only the guests unknown', async () => {
    const host = new Host();
    host.counters.setNodes(nodes);
    host.tick();
    await host.joules();
    host.tick([], undefined, ['scan-failed']);
    const { self, minikube: guest } = await host.joules();
    assert.equal(self, 100);
    assert.match(String(guest), /nobody knows who used/);
  });

  test('a container of the name is the node of the Docker driver; other containers cost nothing', async () => {
    const host = new Host();
    host.counters.setNodes([
      anIdentity('minikube', { bootId: 'b0' }),
      anIdentity('minikube-m02', { bootId: 'b0' }),
    ]);
    host.tick([
      share(anEntity('container', 'minikube'), [3]),
      share(anEntity('container', 'minikube-m02'), [4]),
      share(anEntity('container', 'web'), [9]),
    ]);
    assert.deepEqual(await host.joules(), { minikube: 3, 'minikube-m02': 4 });
    // The host's own inventory sees into its containers.
    assert.deepEqual(host.counters.guestNodes, []);
  });

  test('estimated energy is called modelled, and a change between the two is a break', async () => {
    const host = new Host();
    host.counters.setNodes(nodes);
    const estimated = [zoneInterval(aZone({ provenance: 'estimated' }), { idle: 30, active: 20 })];
    host.tick(undefined, estimated);
    assert.equal((await host.reader.read()).nodes.get('self')?.source, 'modelled');
    host.tick();
    assert.match(String((await host.joules())['self']), /source/);
    assert.equal((await host.reader.read()).nodes.get('self')?.source, 'metered');
  });
});
