import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Node, NodeSleep } from '../../cluster/node.ts';
import { gpuPowerOf } from '../../power-model/gpu-models.ts';
import { shapedCurve } from '../../power-model/median-shape.ts';
import type { PowerCurve } from '../../power-model/power-curve.ts';
import type { ServerModel } from '../../power-model/server-model.ts';
import { readServerModels } from '../../power-model/server-models.ts';
import { TableCurve } from '../../power-model/table-curve.ts';
import { systemErrorCode } from '../../util/errors.ts';
import { readYamlForm } from '../../util/yaml-form.ts';
import { inputErrors } from './errors.ts';

const watts = z.number().min(0).max(100_000);
const seconds = z.number().min(0).max(86_400);

const power = z.union([
  z.strictObject({ model: z.string().min(1) }),
  z.strictObject({
    'idle-watts': watts,
    'full-watts': watts,
    /** Of the hardware: chooses the shape between the two. */
    year: z.int().min(1990).max(2100).optional(),
  }),
  z.strictObject({ curve: z.array(watts).min(2).max(101) }),
]);

const row = z.strictObject({
  match: z
    .strictObject({
      name: z.string().min(1).optional(),
      labels: z.record(z.string(), z.string()).optional(),
    })
    .refine(({ name, labels }) => name !== undefined || labels !== undefined, 'neither name nor labels'),
  power: power.optional(),
  sleep: z
    .strictObject({
      watts,
      'wake-seconds': seconds,
      'wake-watts': watts,
      'empty-seconds': seconds.optional(),
    })
    .optional(),
  'threads-per-core': z.int().min(1).max(2).optional(),
  'second-thread-yield': z.number().min(0).max(1).optional(),
  speed: z.number().gt(0).max(100).optional(),
  'gpu-model': z.string().min(1).optional(),
});

const form = z.strictObject({ nodes: z.array(row).max(10_000) });

type Row = z.infer<typeof row>;

/** What a cluster's operator knows of its nodes and Kubernetes does not. */
export interface NodeTable {
  /** The node with what the first row that matches says of it; otherwise as it was. */
  describe(node: Node): Node;
}

const DEFAULT_EMPTY_SECONDS = 600;
const DEFAULT_YEAR = 2020;
const SECOND_THREAD_YIELD = 0.3;

/**
 * A YAML file: `nodes: [{match: {name: "rack1-*"}, power: {model: epyc3-128t}}]`. Power by a shipped model, scaled to the
 * CPUs of the node; by idle and full watts; or by a curve of watts at equal steps from 0 to 100 %.
 *
 * @throws KISIM_E_INPUT_UNREADABLE, KISIM_E_INPUT_NODE_TABLE with file and line
 */
export function readNodeTable(path: string): NodeTable {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw inputErrors.KISIM_E_INPUT_UNREADABLE(`${path}: ${systemErrorCode(cause) ?? String(cause)}`, {
      cause,
    });
  }
  return parseNodeTable(path, text);
}

/** `path` is for messages alone. */
export function parseNodeTable(path: string, text: string): NodeTable {
  const { data, place } = readYamlForm(form, path, text, (found) =>
    inputErrors.KISIM_E_INPUT_NODE_TABLE(found),
  );
  const models = readServerModels();
  const rules = data.nodes.map((each, i) => compile(each, models, place(['nodes', i])));
  return {
    describe(node) {
      const rule = rules.find(({ matches }) => matches(node));
      return rule === undefined ? node : rule.apply(node);
    },
  };
}

interface Rule {
  readonly matches: (node: Node) => boolean;
  readonly apply: (node: Node) => Node;
}

function compile(each: Row, models: readonly ServerModel[], where: string): Rule {
  const { name, labels = {} } = each.match;
  const pattern = name === undefined ? undefined : globPattern(name);
  const wanted = Object.entries(labels);
  const curve = each.power === undefined ? undefined : curveOf(each.power, models, where);
  const gpu = each['gpu-model'] === undefined ? undefined : gpuPowerOf(each['gpu-model']);
  if (each['gpu-model'] !== undefined && gpu === undefined)
    throw inputErrors.KISIM_E_INPUT_NODE_TABLE(`${where}: the power of a ${each['gpu-model']} is not known`);
  const sleep: NodeSleep | undefined =
    each.sleep === undefined
      ? undefined
      : {
          sleepWatts: each.sleep.watts,
          wakeSeconds: each.sleep['wake-seconds'],
          wakeWatts: each.sleep['wake-watts'],
          emptySeconds: each.sleep['empty-seconds'] ?? DEFAULT_EMPTY_SECONDS,
        };
  const threadsPerCore = each['threads-per-core'];
  const secondThreadYield = each['second-thread-yield'] ?? SECOND_THREAD_YIELD;
  return {
    matches: (node) =>
      (pattern === undefined || pattern.test(node.name)) &&
      wanted.every(([key, value]) => node.labels[key] === value),
    apply: (node) => ({
      ...node,
      ...(curve === undefined ? {} : { power: curve(node) }),
      ...(sleep === undefined ? {} : { sleep }),
      ...(threadsPerCore === undefined ? {} : { smt: { threadsPerCore, secondThreadYield } }),
      ...(each.speed === undefined ? {} : { speed: each.speed }),
      ...(gpu === undefined || node.gpus === undefined
        ? {}
        : { gpus: { ...node.gpus, model: each['gpu-model']!, power: gpu } }),
    }),
  };
}

/** Curves are shared between nodes of one row and size, as simulations and policies group by them. */
function curveOf(
  given: NonNullable<Row['power']>,
  models: readonly ServerModel[],
  where: string,
): (node: Node) => PowerCurve {
  if ('curve' in given) {
    const curve = new TableCurve(given.curve, 'measured', where);
    return () => curve;
  }
  if ('idle-watts' in given) {
    const curve = shapedCurve(
      given.year ?? DEFAULT_YEAR,
      given['idle-watts'],
      given['full-watts'],
      'published',
      where,
    );
    return () => curve;
  }
  const model = models.find(({ name }) => name === given.model);
  if (model === undefined) {
    const names = models.map(({ name }) => name).join(', ');
    throw inputErrors.KISIM_E_INPUT_NODE_TABLE(`${where}: no model '${given.model}'; there are ${names}`);
  }
  const bySize = new Map<number, PowerCurve>();
  return ({ cpuMilli }) => {
    const known = bySize.get(cpuMilli);
    if (known !== undefined) return known;
    const share = cpuMilli / 1000 / model.threads;
    const points = model.curve.points.map((each) => each * share);
    const curve = new TableCurve(points, 'estimated', where);
    bySize.set(cpuMilli, curve);
    return curve;
  };
}

/** `*` for any text, `?` for one character. */
function globPattern(glob: string): RegExp {
  const source = [...glob]
    .map((char) => (char === '*' ? '.*' : char === '?' ? '.' : char.replace(/[\\^$.|+()[\]{}]/, '\\$&')))
    .join('');
  return new RegExp(`^${source}$`);
}
