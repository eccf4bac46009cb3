import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeImage } from '../../../../../src/cluster/node.ts';
import { KubeScheduler } from '../../../../../src/policy/kube/kube-scheduler.ts';
import { kubeContainer, kubeNode, kubePod, pointsOf } from '../../../../support/kube-objects.ts';

const MEBI = 2 ** 20;

function image(name: string, mebi: number): NodeImage {
  return { names: [name], sizeBytes: mebi * MEBI };
}

const nodes = [
  kubeNode('both', 'a', { images: [image('web:latest', 800), image('r.example:5000/db:1', 400)] }),
  kubeNode('web', 'a', { images: [image('web:latest', 1)] }),
  kubeNode('tiny', 'a', { images: [image('tiny:1', 20)] }),
  kubeNode('none', 'a'),
];

function points(names: readonly string[], volumes: readonly string[] = [], inits: readonly string[] = []) {
  const pod = kubePod(0, {
    containers: names.map((name) => kubeContainer({ image: name })),
    initContainers: inits.map((name) => kubeContainer({ image: name })),
    imageVolumes: volumes,
  });
  return pointsOf(new KubeScheduler(nodes), pod, 'ImageLocality');
}

test('counts an image by its size and by how many nodes have it; the first node says how large it is', () => {
  // web: 800 MiB on 2 of 4 nodes: 400; (400 - 23) / (1000 - 23).
  assert.deepEqual(points(['web']), { both: 38, web: 38, tiny: 0, none: 0 });
  // db: 400 MiB on 1 of 4: 100; 500 and 400 between 23 and 2000.
  assert.deepEqual(points(['web:latest', 'r.example:5000/db:1']), { both: 24, web: 19, tiny: 0, none: 0 });
});

test('counts init containers and image volumes, but a volume is no container', () => {
  assert.deepEqual(points(['x'], ['web'], []), { both: 38, web: 38, tiny: 0, none: 0 });
  assert.deepEqual(points(['x'], [], ['web']), { both: 19, web: 19, tiny: 0, none: 0 });
});

test('a name without a tag means latest, a port of the registry is no tag', () => {
  assert.deepEqual(points(['r.example:5000/db']), { both: 0, web: 0, tiny: 0, none: 0 });
  assert.deepEqual(points(['tiny:1']), { both: 0, web: 0, tiny: 0, none: 0 });
});
