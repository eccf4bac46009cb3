import type { CommandSpec, OptionSpec } from './command.ts';
import type { CliTable } from './program.ts';

/** A minus that can be copied, and no line that roff would take for a request. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(/`([^`]*)`/g, '\\fB$1\\fR')
    .replaceAll(/^([.'])/gm, '\\&$1');
}

function synopsis(spec: CommandSpec): string {
  const parts = (spec.arguments ?? []).map(({ name, required }) =>
    required ? `\\fI${name}\\fR` : `[\\fI${name}\\fR]`,
  );
  return [`\\fBkisimd ${roff(spec.name)}\\fR`, spec.options.length > 0 ? '[options]' : '', ...parts]
    .filter((part) => part !== '')
    .join(' ');
}

function optionText(option: OptionSpec): string {
  const flags = roff(option.flags).replaceAll(/<([^>]+)>/g, '\\fI$1\\fR');
  const choices = option.choices === undefined ? '' : ` One of ${roff(option.choices.join(', '))}.`;
  const byDefault = option.default === undefined ? '' : ` Default: ${roff(String(option.default))}.`;
  const description = roff(option.description);
  return `.TP\n\\fB${flags}\\fR\n${description.charAt(0).toUpperCase()}${description.slice(1)}.${choices}${byDefault}`;
}

function commandText(spec: CommandSpec): string {
  const lines = [`.SS ${synopsis(spec)}`, roff(spec.description)];
  for (const { name, description } of spec.arguments ?? [])
    lines.push(`.TP\n\\fI${roff(name)}\\fR\n${roff(description)}.`);
  lines.push(...spec.options.map(optionText));
  if (spec.examples.length > 0) {
    lines.push('.PP\nExamples:');
    for (const { command, does } of spec.examples) lines.push(`.TP\n\\fB${roff(command)}\\fR\n${roff(does)}`);
  }
  return lines.join('\n');
}

/** The manual page kisimd(1) in roff, made from the table of commands. */
export function manualPage(table: CliTable, globals: readonly OptionSpec[], version: string): string {
  return `.\\" Made from the table of commands; do not edit.
.TH KISIMD 1 "" "kisimd ${version}" "User commands"
.SH NAME
kisimd \\- meters the energy of a Linux machine and says who burns it
.SH SYNOPSIS
\\fBkisimd\\fR [\\fIglobal options\\fR] \\fIcommand\\fR [\\fIoptions\\fR]
.SH DESCRIPTION
kisimd reads the energy counters of the machine, splits what was burnt over virtual machines, containers, pods and
processes, and keeps the result. Where nothing can be read, it estimates and says so in every figure.
.SH GLOBAL OPTIONS
${globals.map(optionText).join('\n')}
.SH COMMANDS
${table.commands.map(commandText).join('\n')}
.SH EXIT STATUS
.TP
\\fB0\\fR
The command did what it was asked to.
.TP
\\fB1\\fR
It failed; the error on stderr has a code, what was expected and what to do.
.TP
\\fB2\\fR
The command line was not understood.
.SH FILES
.TP
\\fI/etc/kisimd/config.yaml\\fR, \\fI/etc/kisimd/config.d/*.yaml\\fR
The configuration.
.TP
\\fI/var/lib/kisimd/energy.db\\fR
The history of the service.
.SH ENVIRONMENT
.TP
\\fBKISIMD_CONFIG\\fR
Configuration file to read instead of those in /etc/kisimd.
.TP
\\fBKISIMD_SECTION_KEY\\fR
Each setting has a variable, such as \\fBKISIMD_METER_INTERVAL_MILLISECONDS\\fR; it overrides the files.
`;
}
