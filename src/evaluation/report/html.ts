/** Text that a page may hold anywhere, also within quotes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** JSON within a script element: nothing in it can end the element. Numbers to so many significant digits. */
export function scriptJson(value: unknown, digits = 17): string {
  const short = (_key: string, each: unknown) =>
    typeof each === 'number' ? Number(each.toPrecision(digits)) : each;
  return JSON.stringify(value, short)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}

export interface TableCell {
  readonly text: string;
  /** Shown when pointed at. */
  readonly title?: string;
  /** Colours the cell: -1 best, 1 worst. */
  readonly tint?: number;
  readonly className?: string;
}

/** A table whose first column names its rows. */
export function htmlTable(
  head: readonly string[],
  rows: readonly (readonly (string | TableCell)[])[],
): string {
  const body = rows.map((row) => {
    const [name, ...cells] = row.map((cell) => (typeof cell === 'string' ? { text: cell } : cell));
    return `<tr><th scope="row"${attributes(name!)}>${escapeHtml(name!.text)}</th>${cells
      .map((cell) => `<td${attributes(cell)}>${escapeHtml(cell.text)}</td>`)
      .join('')}</tr>`;
  });
  const titles = head.map((text) => `<th scope="col">${escapeHtml(text)}</th>`);
  return `<div class="scroll"><table><thead><tr>${titles.join('')}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>`;
}

function attributes({ title, tint, className }: TableCell): string {
  const parts: string[] = [];
  if (title !== undefined) parts.push(` title="${escapeHtml(title)}"`);
  if (className !== undefined) parts.push(` class="${className}"`);
  if (tint !== undefined && Number.isFinite(tint)) {
    const strength = Math.round(Math.min(1, Math.abs(tint)) * 38);
    parts.push(
      ` style="background:color-mix(in srgb, var(${tint < 0 ? '--good' : '--bad'}) ${strength}%, transparent)"`,
    );
  }
  return parts.join('');
}
