import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadCommand } from '../../../src/cli/specs/load.ts';
import { failureKinds } from '../../../src/load/http/failure.ts';
import { parseTargetsFile } from '../../../src/load/http/targets-file.ts';
import { parseObjectives } from '../../../src/load/objectives.ts';
import { parsePatternFile } from '../../../src/load/pattern/pattern-file.ts';
import { parsePatternSpec, patternNames } from '../../../src/load/pattern/pattern-spec.ts';
import { readTracePattern } from '../../../src/load/pattern/trace-pattern.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const manual = readFileSync(new URL('../../../docs/user/load.md', import.meta.url), 'utf8');

/** Blocks of code of one language. */
function blocks(language: string): string[] {
  return [...manual.matchAll(/```(\w*)\n([\s\S]*?)```/g)]
    .filter((match) => match[1] === language)
    .map((match) => match[2]!);
}

test('the files that the manual shows are taken', (t) => {
  const [morning, targets] = blocks('yaml');
  const pattern = parsePatternFile('morning.yaml', morning!);
  assert.equal(pattern.durationSeconds, 45 * 60);
  assert.equal(pattern.highestLevel, 200);
  assert.deepEqual(
    parseTargetsFile('targets.yaml', targets!).map(({ name, weight }) => [name, weight]),
    [
      ['GET http://127.0.0.1:8080/cpu?ms=5', 3],
      ['order', 1],
    ],
  );
  const trace = join(temporaryFolder(t), 'requests.csv');
  writeFileSync(trace, blocks('csv')[0]!);
  assert.equal(readTracePattern(trace).levelAt(60), 20);
});

test('the patterns in one word and the objectives that it names are understood', () => {
  for (const [, word] of manual.matchAll(/`((?:spike|random|constant):[^`]*)`/g)) parsePatternSpec(word!);
  const [, objectives] = /--slo '([^']*)'`\. `rate`/.exec(manual)!;
  assert.equal(parseObjectives(objectives!).length, 7);
});

test('every option that it names is there, and every pattern and kind of failure is named', () => {
  const flags = new Set(['--json', ...loadCommand.options.map(({ flags: text }) => text.split(/[ ,]/)[0]!)]);
  for (const [option] of manual.matchAll(/--[a-z][a-z-]+/g)) assert.ok(flags.has(option), option);
  for (const name of patternNames) assert.ok(manual.includes(`| \`${name}\``), name);
  for (const kind of failureKinds) assert.ok(manual.includes(`\`${kind}\``), kind);
});
