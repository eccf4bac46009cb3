import { defaultConfig, defaultInWords } from '../../src/config/defaults.ts';
import { settings } from '../../src/config/settings.ts';
import { cell, generatedNotice } from './markdown.ts';

function defaultText(key: string, value: unknown): string {
  const words = defaultInWords[key];
  if (words !== undefined) return words;
  if (value === undefined) return 'not set';
  if (Array.isArray(value)) return `\`[${value.join(', ')}]\``;
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

/** docs/user/configuration.md */
export function configurationPage(): string {
  const defaults = defaultConfig({}, { hostname: '', uid: 0, homeDirectory: undefined }) as unknown as Record<
    string,
    Record<string, unknown>
  >;
  const sections = [...new Set(settings.map(({ sectionKey }) => sectionKey))].map((sectionKey) => {
    const rows = settings
      .filter((row) => row.sectionKey === sectionKey)
      .map(
        ({ key, environmentName, section, property, setting }) =>
          `### \`${key}\`\n\n${cell(setting.description)}\n\n- Type: ${cell(setting.type)}\n- Default: ${defaultText(
            key,
            defaults[section]?.[property],
          )}\n- Variable: \`${environmentName}\`\n`,
      );
    return `## ${sectionKey}\n\n${rows.join('\n')}`;
  });
  return `# Configuration

${generatedNotice}

Nothing needs to be configured. What is set is taken from, later ones winning:

1. the defaults below;
2. \`/etc/kisimd/config.yaml\`;
3. \`/etc/kisimd/config.d/*.yaml\`, in the order of their names;
4. environment variables;
5. \`--set key=value\` and \`--log-level\` on the command line.

\`--config FILE\`, or the variable \`KISIMD_CONFIG\`, names one file that is read in place of 2 and 3.

\`\`\`yaml
meter:
  interval-milliseconds: 500ms
  sources: [rapl-powercap, nvml, estimated]
attribution:
  idle-watts: {package-0: 21.5}
export:
  port: 9102
\`\`\`

- An unknown key, a value of the wrong type or out of its range is an error that names file, line and column; nothing
  starts with half a configuration. \`kisimd config check\` tells every mistake at once, \`kisimd config show --origin\` what
  is in force and where it was set.
- A duration is a number in the unit that its key ends in, or text with a unit: \`500ms\`, \`90s\`, \`15m\`, \`24h\`, \`30d\`.
- A list in a variable or a \`--set\` is separated by commas: \`KISIMD_METER_SOURCES=rapl-powercap,estimated\`.
- The entries of a map are merged over files, variables and flags: \`--set attribution.idle-watts.package-0=21.5\`.
- There are no secrets in the configuration.

${sections.join('\n')}`;
}
