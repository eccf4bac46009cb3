import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type HostIdentity,
  type Machine,
  matchNodes,
} from '../../../../src/kubernetes/energy/match-nodes.ts';
import { anEntity } from '../../../support/intervals.ts';
import { anIdentity } from '../../../support/node-identities.ts';

const UUID = '4c582cf5-7517-42ec-a3be-49fb5ecc1f00';
const OTHER = '9eb79884-0000-4000-8000-000000000001';
const host: HostIdentity = {
  names: ['worker-7', 'worker-7.example'],
  machineId: 'm0',
  bootId: 'b0',
  addresses: ['10.0.0.7'],
};

function vm(name: string, vmId = name): Machine {
  return anEntity('vm', name, { key: `vm:${vmId}`, vmId });
}

function container(name: string): Machine {
  return anEntity('container', name);
}

describe('which node is which machine', () => {
  test("a guest is found by the node's system UUID, whatever the names", () => {
    const { machines, host: own } = matchNodes(
      [anIdentity('k8s-1', { systemUuid: UUID, bootId: 'b1' })],
      host,
      [vm('domain-12', UUID), vm('k8s-1', OTHER)],
    );
    assert.deepEqual([...machines], [[`vm:${UUID}`, 'k8s-1']]);
    assert.equal(own, undefined);
  });

  test('also by its bytes turned round, by the machine id, and with a pid behind it', () => {
    const turned = 'f52c584c-1775-ec42-a3be-49fb5ecc1f00';
    for (const node of [{ systemUuid: turned }, { machineId: UUID.replaceAll('-', '') }])
      assert.deepEqual(
        [...matchNodes([anIdentity('n', node)], host, [vm('x', `${UUID}:4711`)]).machines.values()],
        ['n'],
      );
  });

  test("Minikube's guests have the names of its nodes", () => {
    const nodes = ['minikube', 'minikube-m02'].map((name) => anIdentity(name, { bootId: `of ${name}` }));
    const { machines } = matchNodes(nodes, host, [vm('minikube-m02'), vm('minikube'), vm('other')]);
    assert.deepEqual(
      [...machines],
      [
        ['vm:minikube', 'minikube'],
        ['vm:minikube-m02', 'minikube-m02'],
      ],
    );
  });

  test('a guest of the same name with another UUID is another machine', () => {
    const { machines, reasons } = matchNodes([anIdentity('n', { systemUuid: UUID, bootId: 'b1' })], host, [
      vm('n', OTHER),
    ]);
    assert.equal(machines.size, 0);
    assert.equal(reasons.get('n'), 'it is neither this host nor a guest of it');
  });

  test("a node on this host's kernel is no guest, but may be a container", () => {
    const nodes = [anIdentity('minikube', { bootId: 'b0' }), anIdentity('minikube-m02', { bootId: 'b0' })];
    const { machines, host: own } = matchNodes(nodes, host, [
      vm('minikube'),
      container('minikube'),
      container('minikube-m02'),
    ]);
    assert.deepEqual(
      [...machines],
      [
        ['container:minikube', 'minikube'],
        ['container:minikube-m02', 'minikube-m02'],
      ],
    );
    assert.equal(own, undefined);
  });

  test('a container of the same name on another kernel is none of ours', () => {
    const { machines } = matchNodes([anIdentity('web', { bootId: 'b1' })], host, [container('web')]);
    assert.equal(machines.size, 0);
  });

  test('the only node on its kernel is this host, whatever it is called', () => {
    const nodes = [anIdentity('anything', { bootId: 'b0' }), anIdentity('worker-7', { bootId: 'b1' })];
    const { host: own, reasons } = matchNodes(nodes, host, []);
    assert.equal(own, 'anything');
    assert.equal(reasons.get('worker-7'), 'it has the name of this host, but runs another kernel');
  });

  test('several nodes on one kernel without containers of their names are nobody', () => {
    const nodes = [anIdentity('node1', { bootId: 'b0' }), anIdentity('node2', { bootId: 'b0' })];
    const { host: own, reasons } = matchNodes(nodes, host, []);
    assert.equal(own, undefined);
    assert.equal(
      reasons.get('node1'),
      "it shares this host's kernel with node2, and no container of this host has its name",
    );
  });

  test('where boot ids are not known the machine id tells, then the name, then an address', () => {
    const unknown = { ...host, bootId: '' };
    const nodes = [anIdentity('a', { machineId: 'm0' }), anIdentity('worker-7', { machineId: 'm1' })];
    assert.equal(matchNodes(nodes, unknown, []).host, 'a');
    const bare = { ...unknown, machineId: '' };
    assert.equal(matchNodes(nodes, bare, []).host, 'worker-7');
    const addressed = [anIdentity('c', { addresses: ['worker-7.example'] }), anIdentity('d')];
    assert.equal(matchNodes(addressed, bare, []).host, 'c');
    const numbered = [
      anIdentity('c', { addresses: ['10.0.0.8'] }),
      anIdentity('d', { addresses: ['10.0.0.7'] }),
    ];
    assert.equal(matchNodes(numbered, bare, []).host, 'd');
  });

  test('a node that two machines could be is nobody, and so are two nodes that one machine could be', () => {
    const one = matchNodes([anIdentity('n', { bootId: 'b1' })], host, [vm('n', '1:1'), vm('n', '2:2')]);
    assert.equal(one.machines.size, 0);
    assert.match(one.reasons.get('n') ?? '', /several machines of this host could be it: vm n .*, vm n/);
    const two = matchNodes(
      [
        anIdentity('n', { bootId: 'b1' }),
        anIdentity('x', { systemUuid: UUID, bootId: 'b2' }),
        anIdentity('y', { systemUuid: UUID, bootId: 'b3' }),
      ],
      host,
      [vm('n', UUID)],
    );
    // That it has the name of a third is nothing beside the UUID.
    assert.deepEqual([...two.machines], []);
    assert.equal(two.reasons.get('n'), 'it is neither this host nor a guest of it');
    for (const node of ['x', 'y']) assert.match(two.reasons.get(node) ?? '', /one machine .* could be x, y/);
  });
});
