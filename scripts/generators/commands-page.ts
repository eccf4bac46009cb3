import type { CommandSpec, OptionSpec } from '../../src/cli/command.ts';
import { cell, generatedNotice, table } from './markdown.ts';

function optionRow(option: OptionSpec): string[] {
  const notes = [
    option.choices === undefined ? '' : `one of ${option.choices.join(', ')}`,
    option.default === undefined ? '' : `default ${String(option.default)}`,
    option.repeatable === true ? 'may be repeated' : '',
  ].filter((note) => note !== '');
  return [`\`${option.flags.replaceAll('|', '\\|')}\``, cell([option.description, ...notes].join('; '))];
}

function commandPart(spec: CommandSpec): string {
  const argumentWords = (spec.arguments ?? []).map(({ name, required }) =>
    required ? `<${name}>` : `[${name}]`,
  );
  const usage = [
    'kisimd',
    spec.name,
    ...(spec.options.length > 0 ? ['[options]'] : []),
    ...argumentWords,
  ].join(' ');
  const parts = [`## kisimd ${spec.name}`, spec.description, `    ${usage}`];
  if (spec.arguments !== undefined && spec.arguments.length > 0) {
    const rows = spec.arguments.map(({ name, description }) => [`\`${name}\``, cell(description)]);
    parts.push(table(['argument', 'meaning'], rows));
  }
  if (spec.options.length > 0) parts.push(table(['option', 'meaning'], spec.options.map(optionRow)));
  if (spec.examples.length > 0) {
    const lines = spec.examples.map(({ command, does }) => `# ${does}\n${command}`);
    parts.push(`\`\`\`sh\n${lines.join('\n')}\n\`\`\``);
  }
  return parts.join('\n\n');
}

/** docs/user/commands.md */
export function commandsPage(commands: readonly CommandSpec[], globals: readonly OptionSpec[]): string {
  return `# Commands

${generatedNotice}

Data goes to stdout, everything else to stderr. The exit status is 0 when the command did what it was asked to, 1 when
it failed, 2 when the command line was not understood. These options may stand before or after any command:

${table(['option', 'meaning'], globals.map(optionRow))}

${commands.map(commandPart).join('\n\n')}
`;
}
