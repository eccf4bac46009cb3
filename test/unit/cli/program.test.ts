import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandContext, CommandSpec } from '../../../src/cli/command.ts';
import { commandGroups, commandTable } from '../../../src/cli/commands.ts';
import { cliErrors } from '../../../src/cli/errors.ts';
import { globalOptions } from '../../../src/cli/global-options.ts';
import { optionWords } from '../../../src/cli/option-words.ts';
import { type CliTable, runCli } from '../../../src/cli/program.ts';
import { parseDuration } from '../../../src/util/duration.ts';
import { defineErrors } from '../../../src/util/errors.ts';
import { fakeHost } from './fake-host.ts';

const errors = defineErrors({
  KISIM_E_TEA_COLD: { summary: 'tea is cold', expected: 'above 60 C', action: 'boil water' },
});

function tableWith(run: CommandSpec['run'], over: Partial<CommandSpec> = {}): CliTable {
  const brew: CommandSpec = {
    name: 'brew',
    summary: 'Make tea',
    description: 'Makes tea.',
    arguments: [{ name: 'leaf', description: 'kind of tea', required: false }],
    options: [
      { flags: '-t, --time <duration>', description: 'how long', default: '3m' },
      { flags: '--cup <size>', description: 'size', choices: ['small', 'big'] },
      { flags: '--add <thing>', description: 'with', repeatable: true },
    ],
    examples: [{ command: 'kisimd brew assam', does: 'a strong one' }],
    run,
    ...over,
  };
  return {
    commands: [brew, { ...brew, name: 'pot clean', summary: 'Clean the pot' }],
    groups: [{ name: 'pot', summary: 'Look after the pot' }],
  };
}

async function contextOf(argv: readonly string[]): Promise<CommandContext> {
  let seen: CommandContext | undefined;
  const host = fakeHost();
  const status = await runCli(
    argv,
    host,
    tableWith(async (context) => {
      seen = context;
      return 0;
    }),
  );
  assert.equal(status, 0, host.err());
  assert.ok(seen);
  return seen;
}

test('options, defaults, repeated options and arguments reach the command', async () => {
  const { options, args } = await contextOf([
    'brew',
    '--add',
    'milk',
    '--add',
    'sugar',
    'assam',
    '--cup',
    'big',
  ]);
  assert.deepEqual(args, ['assam']);
  assert.deepEqual(options, { time: '3m', cup: 'big', add: ['milk', 'sugar'] });
});

test('global options may stand before and after the command', async () => {
  for (const argv of [
    ['--json', '--set', 'a=1', '--set', 'b=2', '--config', '/f', 'brew'],
    ['brew', '--json', '--set', 'a=1', '--config', '/f', '--set', 'b=2'],
    ['pot', '--json', 'clean', '--config', '/f', '--set', 'a=1', '--set', 'b=2'],
  ]) {
    const { options } = await contextOf(argv);
    assert.deepEqual(
      { json: options['json'], set: options['set'], config: options['config'] },
      { json: true, set: ['a=1', 'b=2'], config: '/f' },
    );
  }
});

test('the status of the command is the exit status', async () => {
  assert.equal(
    await runCli(
      ['brew'],
      fakeHost(),
      tableWith(async () => 1),
    ),
    1,
  );
  assert.equal(
    await runCli(
      ['pot', 'clean'],
      fakeHost(),
      tableWith(async () => 0),
    ),
    0,
  );
});

test('a coded error is told with what to do and ends with 1', async () => {
  const host = fakeHost();
  const table = tableWith(async () => {
    throw errors.KISIM_E_TEA_COLD('21 C');
  });
  assert.equal(await runCli(['brew'], host, table), 1);
  assert.equal(
    host.err(),
    'KISIM_E_TEA_COLD: tea is cold: 21 C\n  expected: above 60 C\n  to do:    boil water\n',
  );
  assert.equal(host.out(), '');
});

test('with --json an error is one JSON object on stderr', async () => {
  const host = fakeHost();
  const table = tableWith(async () => {
    throw errors.KISIM_E_TEA_COLD('21 C');
  });
  assert.equal(await runCli(['brew', '--json'], host, table), 1);
  assert.deepEqual(JSON.parse(host.err()), {
    error: {
      code: 'KISIM_E_TEA_COLD',
      message: 'tea is cold: 21 C',
      expected: 'above 60 C',
      found: '21 C',
      action: 'boil water',
    },
  });
});

test('a bug is told with its stack and ends with 1', async () => {
  const host = fakeHost();
  const table = tableWith(async () => {
    throw new TypeError('oops');
  });
  assert.equal(await runCli(['brew'], host, table), 1);
  assert.match(host.err(), /TypeError: oops\n\s+at /);
});

const misuses: readonly (readonly [argv: readonly string[], says: RegExp])[] = [
  [['brwe'], /unknown command 'brwe' \(Did you mean brew\?\)/],
  [['brew', '--tiem', '1m'], /unknown option '--tiem' \(Did you mean --time\?\)/],
  [['brew', '--cup', 'huge'], /Allowed choices are small, big/],
  [['brew', '--time'], /argument missing/],
  [['brew', 'one', 'two'], /too many arguments/],
  [['pot', 'claen'], /unknown command 'claen' \(Did you mean clean\?\)/],
  [['--log-level', 'loud', 'brew'], /Allowed choices are debug, info, warn, error/],
];
for (const [argv, says] of misuses) {
  test(`refuses \`${argv.join(' ')}\` with 2`, async () => {
    const host = fakeHost();
    const table = tableWith(async () => assert.fail('must not run'));
    assert.equal(await runCli(argv, host, table), 2);
    assert.match(host.err(), /^KISIM_E_USAGE: /);
    assert.match(host.err(), says);
    assert.equal(host.out(), '');
  });
}

test('a usage error that a command throws ends with 2, a text that is no time too', async () => {
  for (const refuse of [() => cliErrors.KISIM_E_USAGE('no such leaf'), () => parseDuration('soon')]) {
    const table = tableWith(async () => {
      throw refuse();
    });
    assert.equal(await runCli(['brew'], fakeHost(), table), 2);
  }
});

test('a group without a command shows its help on stderr and ends with 2', async () => {
  const host = fakeHost();
  assert.equal(
    await runCli(
      ['pot'],
      host,
      tableWith(async () => 0),
    ),
    2,
  );
  assert.match(host.err(), /clean .*Clean the pot/);
});

test('no arguments, --help, help and --version print to stdout and end with 0', async () => {
  for (const [argv, says] of [
    [[], /Commands:[\s\S]*brew/],
    [['--help'], /Commands:[\s\S]*brew/],
    [['help', 'brew'], /Makes tea\./],
    [['brew', '--help'], /Examples:\n {2}\$ kisimd brew assam/],
    [['pot', 'clean', '--help'], /Global Options:[\s\S]*--set/],
    [['--version'], /^\d+\.\d+\.\d+/],
  ] as const) {
    const host = fakeHost();
    assert.equal(
      await runCli(
        argv,
        host,
        tableWith(async () => 0),
      ),
      0,
    );
    assert.match(host.out(), says);
    assert.equal(host.err(), '');
  }
});

test('every command of the table has help, a known group and no option of a global name', async () => {
  const globalNames = new Set(globalOptions.map((option) => optionWords(option).long));
  assert.equal(new Set(commandTable.map(({ name }) => name)).size, commandTable.length);
  for (const spec of commandTable) {
    const [first = '', second] = spec.name.split(' ');
    if (second !== undefined)
      assert.ok(
        commandGroups.some(({ name }) => name === first),
        spec.name,
      );
    for (const option of spec.options) {
      const { long } = optionWords(option);
      assert.ok(long !== undefined, `${spec.name}: ${option.flags} has a long name`);
      assert.ok(!globalNames.has(long), `${spec.name}: ${long} is a global option already`);
    }
    const host = fakeHost();
    assert.equal(await runCli([...spec.name.split(' '), '--help'], host), 0);
    assert.ok(host.out().length > spec.description.length, spec.name);
  }
});
