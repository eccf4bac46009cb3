import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';

/** Opens a report; whatever the page complains of or asks the network for is in the list. */
export async function openReport(
  browser: Browser,
  file: string,
  colorScheme: 'light' | 'dark',
  width = 1280,
): Promise<{ readonly page: Page; readonly complaints: string[] }> {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith('file:')) complaints.push(`asked for ${request.url()}`);
  });
  await page.goto(pathToFileURL(file).href);
  return { page, complaints };
}

/** Colours of what a plot has drawn, of lines and areas; axes and texts have others. */
export async function drawnColours(page: Page, id: string): Promise<ReadonlySet<string>> {
  const marks = page.locator(`#${id} svg path, #${id} svg circle, #${id} svg line, #${id} svg polyline`);
  const colours = await marks.evaluateAll((elements) =>
    elements.flatMap((element) => {
      const { getAttribute } = element as unknown as { getAttribute(name: string): string | null };
      return ['fill', 'stroke'].map((name) => getAttribute.call(element, name) ?? '');
    }),
  );
  return new Set(colours.map((colour) => colour.toLowerCase()));
}
