import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Chart } from './chart.ts';
import { escapeHtml, scriptJson } from './html.ts';

/** No screen shows more of a number. */
const PLOT_DIGITS = 5;

/**
 * A report as one page that needs nothing else: styles, plots and the library that draws them are in it.
 *
 * @example
 * const page = new ReportPage();
 * const figure = page.figure(chart, 'all');
 * writeFileSync('report.html', page.html('kisimd load', `<h1>Load</h1>${figure}`));
 */
export class ReportPage {
  readonly #charts: Record<string, unknown> = {};

  /** HTML of a plot in a frame. Its element is named `OF-ID`. */
  figure(chart: Chart, of: string): string {
    const id = `${of}-${chart.id}`;
    this.#charts[id] = chart.option;
    return (
      `<figure class="card${chart.wide === true ? ' wide' : ''}"><h3>${escapeHtml(chart.title)}</h3><p class="says">${escapeHtml(chart.says)}</p>` +
      `<div class="chart" id="${id}" style="height:${chart.height}px"></div></figure>`
    );
  }

  /**
   * The whole page. Plots within an element of class `cell` are drawn when the button of `#cells` that shows it is pressed,
   * all others at once.
   *
   * @param main HTML of what stands on the page
   */
  html(title: string, main: string): string {
    return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>${asset('page.css')}</style>
</head>
<body>
<main>
${main}
</main>
<script type="application/json" id="charts">${scriptJson(this.#charts, PLOT_DIGITS)}</script>
<script>${chartLibrary()}</script>
<script>${asset('page.js')}</script>
</body>
</html>
`;
  }
}

export interface Badge {
  readonly text: string;
  readonly kind?: 'good' | 'bad';
}

/** What is to be seen first, in a row. */
export function badgeList(badges: readonly Badge[]): string {
  const items = badges.map(({ text, kind = '' }) => `<li class="${kind}">${escapeHtml(text)}</li>`);
  return `<ul class="badges">${items.join('')}</ul>`;
}

/** Facts by name, as the last card of a page: how its figures came to be. */
export function factsCard(title: string, facts: readonly (readonly [string, string])[]): string {
  const rows = facts.map(([name, text]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(text)}</dd>`);
  return `<section class="card"><h2>${escapeHtml(title)}</h2><dl>${rows.join('')}</dl></section>`;
}

function asset(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8').trim();
}

/** Apache ECharts, as its package ships it for pages; its licence stands at its head. */
function chartLibrary(): string {
  const path = createRequire(import.meta.url).resolve('echarts/dist/echarts.min.js');
  return readFileSync(path, 'utf8').replaceAll('</script', '<\\/script');
}
