/**
 * Text on a terminal: names come from whoever started a process or a guest, so what would steer the terminal is
 * replaced before it is shown.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu, '?');
}

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
const wide =
  /\p{Extended_Pictographic}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u;
const asciiOnly = /^[\x20-\x7e]*$/;

/** Columns that a text takes; East Asian wide characters and pictographs take two. */
export function displayWidth(text: string): number {
  if (asciiOnly.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += wide.test(segment) ? 2 : 1;
  return width;
}

/** Cut (with `…`) or filled with spaces to exactly `width` columns. */
export function fit(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  if (width <= 0) return '';
  const columns = displayWidth(text);
  if (columns > width) {
    let cut = '';
    let used = 0;
    for (const { segment } of segmenter.segment(text)) {
      const next = displayWidth(segment);
      if (used + next > width - 1) break;
      cut += segment;
      used += next;
    }
    return `${cut}…${' '.repeat(width - used - 1)}`;
  }
  const space = ' '.repeat(width - columns);
  return align === 'left' ? text + space : space + text;
}

/** Watts for people: three significant digits or so; `?` for unknown. */
export function wattsText(watts: number | null): string {
  if (watts === null) return '?';
  return watts >= 100 ? watts.toFixed(1) : watts >= 10 ? watts.toFixed(2) : watts.toFixed(3);
}

/** Joules for people, with k and M beyond a hundred thousand. */
export function joulesText(joules: number): string {
  if (joules >= 1e8) return `${(joules / 1e6).toFixed(1)}M`;
  if (joules >= 1e5) return `${(joules / 1e3).toFixed(1)}k`;
  return joules >= 1000 ? joules.toFixed(0) : joules.toFixed(2);
}

const blocks = '▁▂▃▄▅▆▇█';

/** One character a value, from 0 to the greatest; a space where it is unknown. */
export function sparkline(values: readonly (number | null)[]): string {
  const greatest = Math.max(...values.map((value) => value ?? 0), 0);
  return values
    .map((value) => {
      if (value === null) return ' ';
      const level = greatest > 0 ? Math.round((value / greatest) * (blocks.length - 1)) : 0;
      return blocks[Math.max(0, level)];
    })
    .join('');
}
