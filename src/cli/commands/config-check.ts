import { checkConfig } from '../../config/load.ts';
import { describeError } from '../../util/errors.ts';
import type { CommandContext } from '../command.ts';

/** Tells every mistake of the configuration. Resolves to 1 where there is one. */
export async function runConfigCheck({ args, env, options, stdout }: CommandContext): Promise<number> {
  const file = args[0];
  const flags = file === undefined ? options : { ...options, config: file };
  const { problems, warnings } = checkConfig({ env, flags });
  if (options['json'] === true) {
    const rows = problems.map(({ code, message, expected, found, action }) => ({
      code,
      message,
      expected,
      found,
      action,
    }));
    stdout.write(`${JSON.stringify({ ok: problems.length === 0, problems: rows, warnings })}\n`);
  } else {
    for (const problem of problems) stdout.write(`${describeError(problem)}\n`);
    for (const warning of warnings) stdout.write(`warning: ${warning}\n`);
    const verdict =
      problems.length === 0
        ? 'the configuration is good'
        : `mistakes in the configuration: ${problems.length}`;
    stdout.write(`${verdict}\n`);
  }
  return problems.length === 0 ? 0 : 1;
}
