import type { CommandContext } from '../command.ts';
import { commandGroups, commandTable } from '../commands.ts';
import { completionScript, completionShells } from '../completion.ts';
import { cliErrors } from '../errors.ts';
import { globalOptions } from '../global-options.ts';

export async function runCompletion({ args, stdout }: CommandContext): Promise<number> {
  const shell = completionShells.find((name) => name === args[0]);
  if (shell === undefined)
    throw cliErrors.KISIM_E_USAGE(`no completion for the shell '${args[0] ?? ''}'`, {
      action: 'run `kisimd completion bash`, `zsh` or `fish`',
    });
  stdout.write(completionScript(shell, { commands: commandTable, groups: commandGroups }, globalOptions));
  return 0;
}
