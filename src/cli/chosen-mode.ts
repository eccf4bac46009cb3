import type { CommandContext } from './command.ts';
import { cliErrors } from './errors.ts';

/**
 * The one thing that a command of several was asked to do, by an option of its name.
 *
 * @throws KISIM_E_USAGE where none was asked for, or more than one
 */
export function chosenMode<Mode extends string>(
  options: CommandContext['options'],
  names: readonly (Mode | 'train')[],
): Mode | 'train' {
  const given = names.filter((name) => options[name] === true);
  // A training that is gone on with says so itself.
  const resumes = given.length === 0 && typeof options['resume'] === 'string';
  const chosen = resumes ? ['train' as const] : given;
  const [mode] = chosen;
  if (mode === undefined || chosen.length > 1)
    throw cliErrors.KISIM_E_USAGE(
      mode === undefined ? 'nothing to do' : chosen.map((name) => `--${name}`).join(' together with '),
      { expected: `one of ${names.map((name) => `--${name}`).join(', ')}` },
    );
  return mode;
}
