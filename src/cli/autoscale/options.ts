import {
  type AutoscalingConfig,
  defaultAutoscaling,
  loadAutoscalingConfig,
} from '../../autoscaling/config.ts';
import { type TrainedPattern, trainedPatterns } from '../../autoscaling/problem.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { listOption, numberOption, textOption } from '../replay/options.ts';

type Given = CommandContext['options'];

export const isCount = (value: number) => Number.isInteger(value) && value >= 1;
const isSeed = (value: number) => Number.isInteger(value) && value >= 0 && value < 2 ** 32;

/** @throws KISIM_E_AUTOSCALE_CONFIG, KISIM_E_USAGE */
export function readProblem(given: Given): AutoscalingConfig {
  const file = textOption(given, 'problem');
  const config = file === undefined ? defaultAutoscaling : loadAutoscalingConfig(file);
  const names = listOption(given, 'patterns');
  if (names === undefined) return config;
  const patterns = names.map((name): TrainedPattern => {
    const found = trainedPatterns.find((one) => one === name);
    if (found === undefined)
      throw cliErrors.KISIM_E_USAGE(`--patterns ${name}`, {
        expected: trainedPatterns.join(', '),
      });
    return found;
  });
  return { ...config, problem: { ...config.problem, patterns } };
}

export function readSeed(given: Given): number {
  return numberOption(given, 'seed', 1, isSeed);
}

export function readRuns(given: Given): number {
  return numberOption(given, 'runs', 5, isCount);
}
