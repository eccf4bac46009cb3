import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeFinder } from '../../../../src/kubernetes/energy/node-label.ts';
import { anIdentity } from '../../../support/node-identities.ts';

const nodes = [
  anIdentity('minikube', { addresses: ['192.168.49.2', 'minikube'] }),
  anIdentity('minikube-m02', { addresses: ['192.168.49.3', 'fd00::3'] }),
  anIdentity('rack-1.example', { addresses: ['10.0.0.1'] }),
  anIdentity('twin.a.example', { addresses: ['10.0.0.9'] }),
  anIdentity('twin.b.example', { addresses: ['10.0.0.9'] }),
];
const find = nodeFinder(nodes);

const found: readonly (readonly [Readonly<Record<string, string>>, string | undefined])[] = [
  [{ node_name: 'minikube' }, 'minikube'],
  [{ node: 'MINIKUBE-M02' }, 'minikube-m02'],
  [{ instance: '192.168.49.3:28282' }, 'minikube-m02'],
  [{ instance: '[fd00::3]:28282' }, 'minikube-m02'],
  [{ instance: 'fd00::3' }, 'minikube-m02'],
  [{ instance: 'rack-1:9100' }, 'rack-1.example'],
  [{ instance: 'rack-1.other-domain' }, 'rack-1.example'],
  [{ instance: 'twin.b.example:9100' }, 'twin.b.example'],
  [{ instance: '10.0.0.77:9100' }, undefined],
  [{ job: 'minikube' }, undefined],
  [{ node_name: '' }, undefined],
  [{ node_name: 'elsewhere', instance: 'minikube:1' }, 'minikube'],
  [{ node_name: 'minikube', instance: 'minikube-m02:1' }, 'minikube'],
];
for (const [labels, node] of found) {
  test(`${JSON.stringify(labels)} names ${node ?? 'no node'}`, () => {
    assert.deepEqual(find(labels), node === undefined ? undefined : { node });
  });
}

test('a short name or an address of two nodes names neither', () => {
  for (const instance of ['twin', 'twin:9100', '10.0.0.9:9100'])
    assert.deepEqual(find({ instance }), {
      ambiguous: ['twin.a.example', 'twin.b.example'],
      label: `instance="${instance}"`,
    });
});
