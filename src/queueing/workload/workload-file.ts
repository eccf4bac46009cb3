import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { tryParseDuration } from '../../util/duration.ts';
import { systemErrorCode } from '../../util/errors.ts';
import { readYamlForm } from '../../util/yaml-form.ts';
import { errors } from '../errors.ts';
import { JOB_TYPES } from '../policy.ts';
import { type SkrueueWorkload, skrueueForm, skrueueWorkload } from './skrueue-file.ts';
import { type Strategy, strategyByName, strategyNames, weekOf } from './strategies.ts';
import { defaultTemplates, type JobTemplate } from './templates.ts';

const share = z.number().gt(0).lte(3);
const seconds = z.string().transform((text, context) => {
  const milliseconds = tryParseDuration(text);
  if (milliseconds !== undefined && milliseconds > 0) return milliseconds / 1000;
  context.addIssue(`a duration such as 30m, not ${text}`);
  return z.NEVER;
});

const templateForm = z.strictObject({
  name: z.string().min(1),
  type: z.enum(JOB_TYPES),
  pods: z.array(z.int().min(1).max(1000)).min(1).default([1]),
  cores: z.array(z.number().gt(0)).min(1),
  gib: z.array(z.number().gt(0)).min(1),
  duration: z.strictObject({ median: seconds, sigma: z.number().min(0).max(3).default(0.8) }),
  priority: z.tuple([z.int().min(0).max(1000), z.int().min(0).max(1000)]).default([1, 5]),
  cpuOfRequest: share.default(0.8),
  memoryOfRequest: z
    .strictObject({ median: share, sigma: z.number().min(0).max(2).default(0.18) })
    .default({ median: 0.65, sigma: 0.18 }),
});

const ownForm = z.strictObject({
  name: z.string().min(1).optional(),
  load: z.number().gt(0).lte(3).optional(),
  templates: z.array(templateForm).min(1).optional(),
  strategy: z.enum(strategyNames as [string, ...string[]]).optional(),
  pattern: z
    .array(
      z.strictObject({
        days: z.array(z.int().min(1).max(7)).min(1).default([1, 2, 3, 4, 5, 6, 7]),
        hours: z.array(z.int().min(0).max(23)).min(1),
        rate: z.number().min(0),
        weights: z.record(z.string(), z.number().min(0)),
      }),
    )
    .min(1)
    .optional(),
  bursts: z.strictObject({ every: seconds, jobs: z.int().min(1), gap: seconds.default(5) }).optional(),
});

/** What a file says of the jobs that come; what it leaves out is undefined. */
export interface WorkloadFile {
  readonly strategy: Strategy;
  readonly templates: readonly JobTemplate[];
  readonly load: number | undefined;
  /** `relativeRate` of the strategy is jobs an hour, and no load is set: SKRueue's way. */
  readonly ratesAreJobsPerHour: boolean;
  /** Of SKRueue's configuration; undefined for the own form. */
  readonly skrueue: SkrueueWorkload | undefined;
}

/**
 * A workload of a YAML file, in the own form or that of SKRueue's configuration (`config/skrueue.yaml`), told apart by their keys.
 *
 * @throws KISIM_E_QUEUE_FILE, with file and line
 */
export function loadWorkloadFile(path: string): WorkloadFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw errors.KISIM_E_QUEUE_FILE(`${path}: ${systemErrorCode(cause) ?? String(cause)}`, { cause });
  }
  return parseWorkloadFile(path, text);
}

/** Top keys that the own form does not have. */
const SKRUEUE_KEYS = /^(kueue|rl|data|workload|test|cluster_name|environment|log_level)\s*:/m;

/** @param path for messages, and the name of a workload that has none of its own */
export function parseWorkloadFile(path: string, text: string): WorkloadFile {
  const refuse = (found: string) => errors.KISIM_E_QUEUE_FILE(found);
  if (SKRUEUE_KEYS.test(text)) {
    const { data, place } = readYamlForm(skrueueForm, path, text, refuse);
    return skrueueWorkload(path, data, (keys, says) => refuse(`${place(keys)}: ${keys.join('.')}: ${says}`));
  }
  const { data, place } = readYamlForm(ownForm, path, text, refuse);
  const templates = data.templates?.map(templateOf) ?? defaultTemplates;
  const names = new Set(templates.map(({ name }) => name));
  data.pattern?.forEach(({ weights }, i) => {
    for (const name of Object.keys(weights))
      if (!names.has(name))
        throw refuse(
          `${place(['pattern', i, 'weights', name])}: pattern.${i}.weights.${name}: no template of this name, one of ${[...names].join(', ')}`,
        );
  });
  if (data.pattern !== undefined && data.strategy !== undefined)
    throw refuse(`${place(['pattern'])}: pattern: together with strategy`);
  if (data.templates !== undefined && data.pattern === undefined)
    throw refuse(`${place(['templates'])}: templates: without a pattern that says when they come`);
  const strategy = data.pattern === undefined ? strategyByName(data.strategy ?? 'realistic') : undefined;
  return {
    strategy: {
      ...(strategy ?? { name: data.name ?? path, pieces: weekOf(data.pattern!) }),
      name: data.name ?? strategy?.name ?? path,
      ...(data.bursts === undefined
        ? {}
        : {
            bursts: { everySeconds: data.bursts.every, jobs: data.bursts.jobs, gapSeconds: data.bursts.gap },
          }),
    },
    templates,
    load: data.load,
    ratesAreJobsPerHour: false,
    skrueue: undefined,
  };
}

function templateOf(given: z.infer<typeof templateForm>): JobTemplate {
  const { name, type, pods, cores, gib, duration, priority, cpuOfRequest, memoryOfRequest } = given;
  return {
    name,
    type,
    pods,
    coresPerPod: cores,
    gibPerPod: gib,
    duration: { medianSeconds: duration.median, sigma: duration.sigma },
    priority,
    cpuOfRequest,
    memoryOfRequest,
  };
}
