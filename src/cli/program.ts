import { Argument, Command, CommanderError, Option, type OutputConfiguration } from 'commander';
import { describeError, KisimError } from '../util/errors.ts';
import type { CommandContext, CommandSpec, OptionSpec } from './command.ts';
import { type CommandGroup, commandGroups, commandTable } from './commands.ts';
import { cliErrors } from './errors.ts';
import { globalOptions } from './global-options.ts';
import { version } from './version.ts';

/** What the command line runs on: streams, environment and the wish to stop. Injected, so that tests can play it. */
export type CliHost = Pick<CommandContext, 'stdout' | 'stderr' | 'stdin' | 'env' | 'signal'>;

export interface CliTable {
  readonly commands: readonly CommandSpec[];
  readonly groups: readonly CommandGroup[];
}

export const exitStatus = { ok: 0, error: 1, usage: 2 } as const;

const realTable: CliTable = { commands: commandTable, groups: commandGroups };

function commanderOption(spec: OptionSpec): Option {
  const option = new Option(spec.flags, spec.description);
  if (spec.choices !== undefined) option.choices([...spec.choices]);
  if (spec.default !== undefined) option.default(spec.default);
  if (spec.repeatable === true) {
    option.argParser((value: string, earlier: readonly string[] | undefined) => [...(earlier ?? []), value]);
  }
  return option;
}

function examplesText(spec: CommandSpec): string {
  if (spec.examples.length === 0) return '';
  const lines = spec.examples.map(({ command, does }) => `  $ ${command}\n      ${does}`);
  return `\nExamples:\n${lines.join('\n')}\n`;
}

function addCommand(parent: Command, name: string, spec: CommandSpec, onRun: RunCommand): void {
  const command = parent.command(name).summary(spec.summary).description(spec.description);
  for (const { name: argument, description, required, choices } of spec.arguments ?? []) {
    const row = new Argument(required ? `<${argument}>` : `[${argument}]`, description);
    command.addArgument(choices === undefined ? row : row.choices([...choices]));
  }
  for (const option of spec.options) command.addOption(commanderOption(option));
  command.addHelpText('after', examplesText(spec));
  command.action(() => onRun(spec, command));
}

type RunCommand = (spec: CommandSpec, command: Command) => Promise<void>;

function buildProgram(table: CliTable, onRun: RunCommand): Command {
  const program = new Command('kisimd')
    .description('Meters the energy of this machine and says who burns it.')
    .version(version(), '-V, --version')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError(true);
  for (const option of globalOptions) program.addOption(commanderOption(option));
  const groups = new Map<string, Command>();
  for (const spec of table.commands) {
    const [first = '', second] = spec.name.split(' ');
    if (second === undefined) {
      addCommand(program, first, spec, onRun);
      continue;
    }
    let group = groups.get(first);
    if (group === undefined) {
      const summary = table.groups.find(({ name }) => name === first)?.summary ?? '';
      group = program.command(first).summary(summary).description(summary);
      groups.set(first, group);
    }
    addCommand(group, second, spec, onRun);
  }
  return program;
}

/** Errors in what was typed. Texts of time and of bytes are read from options only. */
const usageCodes: ReadonlySet<string> = new Set([
  'KISIM_E_USAGE',
  'KISIM_E_DURATION',
  'KISIM_E_POINT_IN_TIME',
  'KISIM_E_BYTES',
  'KISIM_E_BYTE_RATE',
]);

/** Writes an error for people, or as one JSON object a line. Returns the exit status that goes with it. */
export function reportError(error: unknown, stderr: CliHost['stderr'], json: boolean): number {
  if (json) {
    const { code, message, expected, found, action } =
      error instanceof KisimError
        ? error
        : {
            code: undefined,
            message: describeError(error),
            expected: undefined,
            found: undefined,
            action: undefined,
          };
    stderr.write(`${JSON.stringify({ error: { code, message, expected, found, action } })}\n`);
  } else {
    stderr.write(`${describeError(error)}\n`);
  }
  return error instanceof KisimError && usageCodes.has(error.code) ? exitStatus.usage : exitStatus.error;
}

/**
 * Runs one command line (without `node` and the script) to its end. Never throws and never ends the process.
 * Resolves to the exit status: 0 done, 1 failed, 2 the command line was not understood.
 */
export async function runCli(
  argv: readonly string[],
  host: CliHost,
  table: CliTable = realTable,
): Promise<number> {
  let status: number = exitStatus.ok;
  let helpOnStderr = '';
  const program = buildProgram(table, async (spec, command) => {
    status = await spec.run({ ...host, options: command.optsWithGlobals(), args: command.args });
  });
  const output: OutputConfiguration = {
    writeOut: (text: string) => void host.stdout.write(text),
    writeErr: (text: string) => {
      helpOnStderr += text;
    },
    outputError: () => undefined,
    getOutHelpWidth: () => host.stdout.columns ?? 100,
    getErrHelpWidth: () => 100,
  };
  configureAll(program, output);
  if (argv.length === 0) {
    program.outputHelp();
    return exitStatus.ok;
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return status;
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(error, host.stderr, argv.includes('--json'));
    if (error.exitCode === 0) return exitStatus.ok;
    if (error.code === 'commander.help') {
      host.stderr.write(helpOnStderr);
      return exitStatus.usage;
    }
    const found = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
    return reportError(cliErrors.KISIM_E_USAGE(found), host.stderr, argv.includes('--json'));
  }
}

function configureAll(command: Command, output: OutputConfiguration): void {
  command.configureOutput(output);
  for (const child of command.commands) configureAll(child, output);
}
