import type { DeclaredError } from './error-codes.ts';
import { cell, generatedNotice, table } from './markdown.ts';

/** docs/user/errors.md */
export function errorsPage(errors: readonly DeclaredError[]): string {
  const rooms = [...new Set(errors.map(({ room }) => room))].sort();
  const parts = rooms.map((room) => {
    const rows = errors
      .filter((error) => error.room === room)
      .sort((a, b) => (a.code < b.code ? -1 : 1))
      .map(({ code, summary, expected, action }) => [
        `\`${code}\``,
        cell(summary),
        cell(expected),
        cell(action),
      ]);
    return `## ${room}\n\n${table(['code', 'what is wrong', 'expected', 'what to do'], rows)}\n`;
  });
  return `# Errors

${generatedNotice}

Every error has a code, says what was expected and what was found, and what to do. On a terminal it is told on stderr;
with \`--json\` it is one JSON object there: \`{"error":{"code","message","expected","found","action"}}\`. In the log of
the daemon it is the field \`error\` of an event. Where an exact command is known, it stands in place of the general one
below.

${parts.join('\n')}`;
}
