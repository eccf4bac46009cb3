import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Document, isMap, isSeq, parseAllDocuments, type YAMLMap } from 'yaml';
import type { Node } from '../../cluster/node.ts';
import { topologyLabels } from '../../cluster/topology.ts';
import { systemErrorCode } from '../../util/errors.ts';
import { inputErrors } from './errors.ts';
import { manifestErrors } from './manifests/errors.ts';
import type { ManifestText } from './manifests/located.ts';
import { readOpenbNodes } from './openb.ts';

export interface LabelledManifests {
  readonly yaml: string;
  readonly nodes: number;
}

/**
 * Adds labels of rack and server to every Node of some manifests, by their order over all texts. Everything else, comments
 * too, stays as it is, and so does a label that is there already.
 *
 * @throws KISIM_E_MANIFEST_SYNTAX with file and line, KISIM_E_MANIFEST_MISSING where no Node is among them
 */
export function labelledManifests(texts: readonly ManifestText[], serversPerRack: number): LabelledManifests {
  let count = 0;
  const documents = texts.flatMap((text) => parsed(text));
  for (const document of documents)
    for (const node of nodesIn(document.contents))
      addLabels(document, node, topologyLabels(count++, serversPerRack));
  if (count === 0) {
    const where = texts.map(({ file }) => file).join(' ');
    throw manifestErrors.KISIM_E_MANIFEST_MISSING(`${where}: no Node`);
  }
  return {
    yaml: documents.map((document) => document.toString({ directives: false })).join('---\n'),
    nodes: count,
  };
}

/** Nodes of an openb list as manifests, labelled. */
export function labelledNodes(nodes: readonly Node[], serversPerRack: number): LabelledManifests {
  const yaml = nodes
    .map((node, i) => new Document(manifestOf(node, topologyLabels(i, serversPerRack))).toString())
    .join('---\n');
  return { yaml, nodes: nodes.length };
}

/** The openb node lists in a folder, sorted; those with GPUs alone where there are both. @throws KISIM_E_INPUT_UNREADABLE */
export function openbNodesIn(folder: string): readonly Node[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder).sort();
  } catch (cause) {
    throw inputErrors.KISIM_E_INPUT_UNREADABLE(`${folder} (${systemErrorCode(cause) ?? String(cause)})`, {
      cause,
    });
  }
  const lists = names.filter((name) => /^openb_node_list.*\.csv$/.test(name));
  const list = lists.find((name) => name.includes('gpu_node')) ?? lists[0];
  if (list === undefined) throw inputErrors.KISIM_E_INPUT_UNREADABLE(`${folder}: no openb_node_list*.csv`);
  return readOpenbNodes(join(folder, list));
}

function parsed({ file, text }: ManifestText): readonly Document[] {
  const documents = parseAllDocuments(text, { prettyErrors: true, logLevel: 'error' });
  const list: readonly Document[] = 'empty' in documents ? [] : documents;
  for (const { errors } of list) {
    const error = errors[0];
    if (error === undefined) continue;
    const line = error.linePos?.[0].line;
    throw manifestErrors.KISIM_E_MANIFEST_SYNTAX(
      `${file}${line === undefined ? '' : `:${line}`}: ${error.message}`,
      {
        cause: error,
      },
    );
  }
  return list.filter((document) => document.contents !== null);
}

function nodesIn(contents: unknown): readonly YAMLMap[] {
  if (!isMap(contents)) return [];
  const kind = String(contents.get('kind'));
  if (kind === 'Node') return [contents];
  const items = contents.get('items');
  if (!kind.endsWith('List') || !isSeq(items)) return [];
  return items.items.filter(isMap).filter((item) => kind === 'NodeList' || item.get('kind') === 'Node');
}

function addLabels(document: Document, node: YAMLMap, labels: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(labels)) {
    const path = ['metadata', 'labels', name];
    if (node.hasIn(path)) continue;
    for (const above of [['metadata'], ['metadata', 'labels']])
      if (!isMap(node.getIn(above))) node.setIn(above, document.createNode({}));
    node.setIn(path, value);
  }
}

function manifestOf(node: Node, labels: Readonly<Record<string, string>>): object {
  const { gpus } = node;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: node.name,
      labels: {
        ...node.labels,
        ...(gpus === undefined ? {} : { 'alibabacloud.com/gpu-card-model': gpus.model }),
        ...labels,
      },
    },
    status: {
      allocatable: {
        cpu: `${node.cpuMilli}m`,
        memory: `${node.memoryBytes / 2 ** 20}Mi`,
        pods: String(node.pods),
        ...(gpus === undefined
          ? {}
          : {
              'alibabacloud.com/gpu-count': String(gpus.count),
              'alibabacloud.com/gpu-milli': String(gpus.count * 1000),
            }),
      },
    },
  };
}
