import { type Finding, type Mark, topics } from './finding.ts';

const signs: Readonly<Record<Mark, string>> = { ok: '✓', warn: '!', refused: '✗', absent: '-' };
const words: Readonly<Record<Mark, string>> = {
  ok: 'OK',
  warn: 'warning',
  refused: 'refused',
  absent: 'absent',
};
/** SGR codes: green, yellow, red, faint. */
const colours: Readonly<Record<Mark, string>> = { ok: '32', warn: '33', refused: '31', absent: '2' };

export interface ReportStyle {
  /** Characters a line may have. */
  readonly width: number;
  readonly colour: boolean;
}

function wrapped(text: string, width: number, indent: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width - indent.length) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].join(`\n${indent}`);
}

/** The findings as text for people, by topic, each with its mark and what to do about it. */
export function renderFindings(findings: readonly Finding[], { width, colour }: ReportStyle): string {
  const column = Math.max(...findings.map(({ subject }) => subject.length), 0) + 2;
  const indent = ' '.repeat(4 + column);
  const lines: string[] = [];
  for (const topic of topics) {
    const rows = findings.filter((finding) => finding.topic === topic);
    if (rows.length === 0) continue;
    lines.push(colour ? `\u001b[1m${topic}\u001b[0m` : topic);
    for (const { mark, subject, says, action } of rows) {
      const sign = colour ? `\u001b[${colours[mark]}m${signs[mark]}\u001b[0m` : signs[mark];
      lines.push(`  ${sign} ${subject.padEnd(column)}${wrapped(says, width, indent)}`);
      if (action !== undefined) {
        lines.push(`${indent}to do: ${wrapped(action, width - 7, `${indent}       `)}`);
      }
    }
  }
  const counts = (Object.keys(signs) as Mark[]).map(
    (mark) => `${signs[mark]} ${words[mark]}: ${findings.filter((finding) => finding.mark === mark).length}`,
  );
  lines.push('', counts.join('   '));
  return `${lines.join('\n')}\n`;
}
