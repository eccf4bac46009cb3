import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import type { CommandSpec } from '../../../src/cli/command.ts';
import { commandGroups, commandTable } from '../../../src/cli/commands.ts';
import { globalOptions } from '../../../src/cli/global-options.ts';
import { manualPage } from '../../../src/cli/manual.ts';

const page = manualPage({ commands: commandTable, groups: commandGroups }, globalOptions, '1.2.3');
const noGroff = spawnSync('groff', ['--version']).status === 0 ? false : 'no groff here';

test('the page names every command and option', () => {
  const text = page.replaceAll('\\-', '-');
  for (const spec of commandTable) {
    assert.ok(text.includes(`kisimd ${spec.name}`), spec.name);
    for (const { flags } of spec.options) assert.ok(text.includes(flags.split(' <')[0] ?? ''), flags);
  }
});

test('groff has no complaint', { skip: noGroff }, () => {
  const { status, stderr, stdout } = spawnSync('groff', ['-man', '-Tutf8', '-ww', '-z'], {
    input: page,
    encoding: 'utf8',
  });
  assert.equal(stderr + stdout, '');
  assert.equal(status, 0);
});

test('text that roff would take for a request or an escape is shielded', () => {
  const spec: CommandSpec = {
    name: 'x',
    summary: '',
    description: ".PP is\n'no request, \\n no escape, --no-dash",
    options: [],
    examples: [],
    run: async () => 0,
  };
  const text = manualPage({ commands: [spec], groups: [] }, [], '1');
  assert.ok(text.includes("\\&.PP is\n\\&'no request, \\en no escape, \\-\\-no\\-dash"));
});
