import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { commandTable } from '../../src/cli/commands.ts';
import { settings } from '../../src/config/settings.ts';
import { declaredErrors } from '../generators/error-codes.ts';
import type { Problem } from './problem.ts';
import { filesBelow } from './source-files.ts';

export interface KnownNames {
  readonly commands: ReadonlySet<string>;
  readonly settings: ReadonlySet<string>;
  readonly environment: ReadonlySet<string>;
  readonly errors: ReadonlySet<string>;
}

/** Names in one line of the manual that the program does not have. `#` and other shell words are passed over. */
export function unknownNames(line: string, known: KnownNames): string[] {
  const says: string[] = [];
  for (const [, word = ''] of line.matchAll(/(?:^|[`$(|]\s*|\bsudo\s+)kisimd ([a-z][a-z-]+)/g)) {
    if (!known.commands.has(word)) says.push(`there is no command \`kisimd ${word}\``);
  }
  for (const [, key = ''] of line.matchAll(/--set[ =]([a-z]+(?:[.-][a-z]+)*)/g)) {
    const map = [...known.settings].find((setting) => key.startsWith(`${setting}.`));
    if (!known.settings.has(key) && map === undefined && key.includes('.'))
      says.push(`there is no setting ${key}`);
  }
  for (const [code] of line.matchAll(/\bKISIM_E_[A-Z0-9_]*[A-Z0-9]\b/g)) {
    if (!known.errors.has(code)) says.push(`there is no error ${code}`);
  }
  for (const [name] of line.matchAll(/\bKISIMD_[A-Z_]*[A-Z]\b/g)) {
    if (!known.environment.has(name)) says.push(`there is no variable ${name}`);
  }
  return says;
}

/** Targets of relative links, without their anchors. */
export function relativeLinks(line: string): string[] {
  return [...line.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^(?:[a-z]+:|#)/.test(target))
    .map((target) => target.replace(/#.*$/, ''));
}

/** Links that lead nowhere, and commands, settings, variables and errors in the manual that do not exist. */
export async function checkDocumentation(root: string): Promise<Problem[]> {
  const files = [
    ...filesBelow(root, ['docs'], ['.md']),
    'README.md',
    'CHANGELOG.md',
    'CONTRIBUTING.md',
  ].filter((file) => !file.startsWith('docs/results/') && existsSync(join(root, file)));
  const known: KnownNames = {
    commands: new Set(['help', ...commandTable.map(({ name }) => name.split(' ')[0] ?? '')]),
    // As in `--set section.key=value`.
    settings: new Set([...settings.map(({ key }) => key), 'section.key']),
    // The last two are options of the native build.
    environment: new Set([
      ...settings.map(({ environmentName }) => environmentName),
      'KISIMD_CONFIG',
      'KISIMD_SECTION_KEY',
      'KISIMD_NATIVE_TESTS',
      'KISIMD_SANITIZE',
    ]),
    errors: new Set((await declaredErrors(root)).map(({ code }) => code)),
  };
  return files.flatMap((file) =>
    readFileSync(join(root, file), 'utf8')
      .split('\n')
      .flatMap((line, index) => {
        const where = `${file}:${index + 1}`;
        const broken = relativeLinks(line)
          .filter((target) => !existsSync(join(root, dirname(file), target)))
          .map((target) => `the link to ${target} leads nowhere`);
        return [...broken, ...unknownNames(line, known)].map((says) => ({ where, says }));
      }),
  );
}
