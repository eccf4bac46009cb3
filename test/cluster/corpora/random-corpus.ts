import { RandomStream } from '../../../src/util/rng.ts';
import type { ApiObject } from '../support/api-client.ts';
import { type Corpus, podKey } from './corpus.ts';
import { changedNode, randomNodes } from './random-nodes.ts';
import { podOf, randomApp, surroundingsOf } from './random-pods.ts';
import type { Scene } from './random-selectors.ts';
import { randomStyle } from './style.ts';
import { chance, some } from './vocabulary.ts';

/**
 * A cluster with everything in it that the default scheduler looks at, drawn from a seed. What is not of one cluster
 * (nodes and pods are deleted between corpora) is named after the seed, so that many can follow in one control plane.
 *
 * @param sizes mean number of pods
 */
export function randomCorpus(seed: number, sizes: { readonly pods: number } = { pods: 100 }): Corpus {
  const random = new RandomStream(seed);
  const style = randomStyle(random.fork('style'), sizes);
  const nodes = randomNodes(random.fork('nodes'), style);
  const namespaces = ['a', 'b', 'c'].slice(0, 1 + random.integer(3)).map((name) => `corpus-${seed}-${name}`);
  const appNames = Array.from(
    { length: 1 + random.integer(Math.ceil(style.pods / 5)) },
    (_, i) => `app-${i}`,
  );
  const scene: Scene = {
    random: random.fork('pods'),
    style,
    nodeNames: nodes.map(({ metadata }) => metadata.name),
    namespaces,
    appNames,
  };
  const runtimeClasses = ['small', 'picky'].map((name) => `corpus-${seed}-${name}`);
  const apps = appNames.map((name) => randomApp(scene, name, runtimeClasses));
  const digits = String(style.pods).length;
  const all = Array.from({ length: style.pods }, (_, i) =>
    podOf(scene, scene.random.pick(apps), `p${String(i).padStart(digits, '0')}`),
  );
  const hasLater = chance(random, 0.5);
  const pods = hasLater ? all.slice(0, Math.ceil(all.length * 0.7)) : all;
  return {
    name: `corpus ${seed}`,
    surroundings: [
      ...namespaces.map((name) => namespace(name, random)),
      ...runtimeClassObjects(runtimeClasses),
      ...apps.flatMap(surroundingsOf),
    ],
    nodes,
    pods,
    later: hasLater
      ? {
          removed: some(random, pods, 0.35).map(podKey),
          changed: some(random, nodes, 0.25).map((node) =>
            changedNode(random.fork(node.metadata.name), node, style),
          ),
          pods: all.slice(pods.length),
        }
      : undefined,
  };
}

function namespace(name: string, random: RandomStream): ApiObject {
  const labels = chance(random, 0.8) ? { stage: random.pick(['test', 'live']) } : {};
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

function runtimeClassObjects([small = '', picky = '']: readonly string[]): ApiObject[] {
  const common = { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', handler: 'sandbox' } as const;
  return [
    { ...common, metadata: { name: small }, overhead: { podFixed: { cpu: '70m', memory: '33Mi' } } },
    {
      ...common,
      metadata: { name: picky },
      overhead: { podFixed: { memory: '120M' } },
      scheduling: {
        nodeSelector: { arch: 'amd64' },
        tolerations: [{ key: 'dedicated', operator: 'Equal', value: 'a', effect: 'NoSchedule' }],
      },
    },
  ];
}
