import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { commandGroups, commandTable } from '../../../src/cli/commands.ts';
import { type CompletionShell, completionScript } from '../../../src/cli/completion.ts';
import { globalOptions } from '../../../src/cli/global-options.ts';
import { optionWords } from '../../../src/cli/option-words.ts';
import { runCli } from '../../../src/cli/program.ts';
import { fakeHost } from './fake-host.ts';

const table = { commands: commandTable, groups: commandGroups };
let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'kisimd-completion-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

function write(shell: CompletionShell): string {
  const path = join(folder, `kisimd.${shell}`);
  writeFileSync(path, completionScript(shell, table, globalOptions));
  return path;
}

const lacks = (shell: string) =>
  spawnSync(shell, ['-c', 'true']).status === 0 ? false : (`no ${shell} here` as string | false);

/** What bash would propose for the last of these words. */
function bashProposals(...words: readonly string[]): string[] {
  const script = `${completionScript('bash', table, globalOptions)}
COMP_WORDS=(kisimd ${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length}
_kisimd
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-c', script], { encoding: 'utf8' });
  assert.equal(stderr, '');
  assert.equal(status, 0);
  return stdout.split('\n').filter((line) => line !== '');
}

test('bash proposes commands, commands below others, options and their values', {
  skip: lacks('bash'),
}, () => {
  const top = bashProposals('');
  for (const { name } of commandTable) assert.ok(top.includes(name.split(' ')[0] ?? ''), name);
  assert.deepEqual(bashProposals('doc'), ['doctor']);
  assert.deepEqual(
    bashProposals('config', '').filter((word) => !word.startsWith('-')),
    ['check', 'show'],
  );
  assert.deepEqual(bashProposals('config', 'show', '--or'), ['--origin']);
  assert.deepEqual(bashProposals('--log-level', ''), ['debug', 'info', 'warn', 'error']);
  assert.deepEqual(bashProposals('doctor', '--log-level', 'w'), ['warn']);
  assert.deepEqual(bashProposals('--log-level', 'warn', 'doc'), ['doctor']);
  assert.deepEqual(bashProposals('completion', 'f'), ['fish']);
  assert.deepEqual(bashProposals('--config', '/etc/hostnam'), ['/etc/hostname']);
  assert.deepEqual(bashProposals('config', 'check', '/etc/hostnam'), ['/etc/hostname']);
  assert.deepEqual(bashProposals('--set', 'x'), []);
});

function fishProposals(line: string): string[] {
  const script = `source ${write('fish')}; complete -C '${line}'`;
  const { stdout, stderr, status } = spawnSync('fish', ['--no-config', '-c', script], {
    encoding: 'utf8',
    env: { ...process.env, HOME: folder },
  });
  assert.equal(stderr, '');
  assert.equal(status, 0);
  return stdout.split('\n').flatMap((row) => (row === '' ? [] : [row.split('\t')[0] ?? '']));
}

test('fish proposes commands, commands below others, options and their values', {
  skip: lacks('fish'),
}, () => {
  const top = fishProposals('kisimd ');
  for (const { name } of commandTable) assert.ok(top.includes(name.split(' ')[0] ?? ''), name);
  assert.deepEqual(fishProposals('kisimd config ').sort(), ['check', 'show']);
  assert.deepEqual(fishProposals('kisimd config show --or'), ['--origin']);
  assert.deepEqual(fishProposals('kisimd doctor --log-level w'), ['warn']);
  assert.deepEqual(fishProposals('kisimd completion f'), ['fish']);
  assert.deepEqual(fishProposals('kisimd config check /etc/hostnam'), ['/etc/hostname']);
  assert.deepEqual(fishProposals('kisimd doctor --or'), []);
});

for (const shell of ['bash', 'zsh', 'fish'] as const) {
  test(`the script for ${shell} is valid there`, { skip: lacks(shell) }, () => {
    const { status, stderr } = spawnSync(shell, ['-n', write(shell)], { encoding: 'utf8' });
    assert.equal(stderr, '');
    assert.equal(status, 0);
  });

  test(`the script for ${shell} knows every command and option`, () => {
    const script = completionScript(shell, table, globalOptions);
    const flag = (long: string) => (shell === 'fish' ? `-l ${long.slice(2)}` : long);
    for (const spec of commandTable) {
      assert.ok(script.includes(spec.name.split(' ').at(-1) ?? ''), spec.name);
      for (const option of [...spec.options, ...globalOptions]) {
        assert.ok(script.includes(flag(optionWords(option).long ?? '')), `${spec.name} ${option.flags}`);
      }
    }
  });
}

test('the command prints the script, and refuses another shell with 2', async () => {
  const host = fakeHost();
  assert.equal(await runCli(['completion', 'fish'], host), 0);
  assert.equal(host.out(), completionScript('fish', table, globalOptions));
  assert.equal(await runCli(['completion', 'tcsh'], fakeHost()), 2);
  assert.equal(await runCli(['completion'], fakeHost()), 2);
});
