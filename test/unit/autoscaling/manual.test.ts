import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseAutoscalingConfig } from '../../../src/autoscaling/config.ts';
import { defaultProblem } from '../../../src/autoscaling/problem.ts';
import { policyNames } from '../../../src/cli/autoscale/policies.ts';
import { autoscaleCommand } from '../../../src/cli/specs/autoscale.ts';

const manual = readFileSync(new URL('../../../docs/user/autoscale.md', import.meta.url), 'utf8');

test('the file that the manual shows is taken, and has the weights that are usual', () => {
  const [, yaml] = /```yaml\n([\s\S]*?)```/.exec(manual)!;
  const { problem } = parseAutoscalingConfig('manual.yaml', yaml!);
  assert.deepEqual(problem.patterns, ['spike', 'random']);
  assert.equal(problem.limits.gpu.max, 4);
  assert.deepEqual(problem.ownWeights, defaultProblem.ownWeights);
  assert.deepEqual(problem.serving, defaultProblem.serving);
});

test('every policy is in the manual, and every option that it names is one', () => {
  for (const name of policyNames) assert.ok(manual.includes(`| \`${name}\` |`), name);
  const known = new Set(
    autoscaleCommand.options.flatMap(({ flags }) => flags.match(/--[a-z-]+/g) ?? []).concat('--json'),
  );
  for (const [option] of manual.matchAll(/--[a-z]+(?:-[a-z]+)*/g)) assert.ok(known.has(option), option);
});
