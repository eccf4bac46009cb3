import type { CommandContext } from '../command.ts';
import { commandGroups, commandTable } from '../commands.ts';
import { globalOptions } from '../global-options.ts';
import { manualPage } from '../manual.ts';
import { version } from '../version.ts';

export async function runMan({ stdout }: CommandContext): Promise<number> {
  stdout.write(manualPage({ commands: commandTable, groups: commandGroups }, globalOptions, version()));
  return 0;
}
