import { stringify } from 'yaml';
import { type LoadedConfig, loadConfig } from '../../config/load.ts';
import type { Origin } from '../../config/origin.ts';
import { type NamedSetting, settings } from '../../config/settings.ts';
import type { CommandContext } from '../command.ts';

function currentValue({ config }: LoadedConfig, row: NamedSetting): unknown {
  return (config[row.section] as Readonly<Record<string, unknown>>)[row.property];
}

function originText(origin: Origin | undefined): string {
  if (origin === undefined || origin.kind === 'default') return 'default';
  return `${origin.kind}: ${origin.where}`;
}

function settingLine(loaded: LoadedConfig, row: NamedSetting, withOrigin: boolean): string {
  const value = currentValue(loaded, row);
  const comment = withOrigin ? ` # ${originText(loaded.origins.get(row.key))}` : '';
  if (value === undefined)
    return `  # ${row.leafKey}: not set${withOrigin ? comment.replace(' #', ' -') : ''}`;
  // A block scalar could not stand behind its key on one line; JSON can, and is YAML too.
  const oneLine = stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd();
  const text = oneLine.includes('\n') ? JSON.stringify(value) : oneLine;
  return `  ${row.leafKey}: ${text}${comment}`;
}

function yamlText(loaded: LoadedConfig, withOrigin: boolean): string {
  const lines: string[] = [];
  let section = '';
  for (const row of settings) {
    if (row.sectionKey !== section) lines.push(`${row.sectionKey}:`);
    section = row.sectionKey;
    lines.push(settingLine(loaded, row, withOrigin));
  }
  return `${lines.join('\n')}\n`;
}

/** Prints the settings in force: YAML that can be loaded again, or one JSON object from key to value and origin. */
export async function runConfigShow({ env, options, stdout, stderr }: CommandContext): Promise<number> {
  const loaded = loadConfig({ env, flags: options });
  if (options['json'] === true) {
    const rows = settings.map((row) => {
      const { kind = 'default', where = '' } = loaded.origins.get(row.key) ?? {};
      return [row.key, { value: currentValue(loaded, row) ?? null, origin: kind, where }];
    });
    stdout.write(`${JSON.stringify(Object.fromEntries(rows))}\n`);
    return 0;
  }
  stdout.write(yamlText(loaded, options['origin'] === true));
  for (const warning of loaded.warnings) stderr.write(`warning: ${warning}\n`);
  return 0;
}
