import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { runBenchmark } from '../../src/cli/commands/benchmark.ts';
import { policyStyles } from '../../src/evaluation/report/chart.ts';
import type { BenchmarkResults } from '../../src/evaluation/results.ts';
import { signed } from '../../src/evaluation/tables.ts';
import { fakeHost } from '../unit/cli/fake-host.ts';
import { noBrowser, startBrowser } from './support/browser.ts';
import { drawnColours, openReport } from './support/report-page.ts';

const plots = ['savings', 'clusters', 'power', 'waits', 'utilisation'] as const;
const skip = noBrowser();

describe('the report of a benchmark in a browser', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'kisimd-web-'));
  const out = join(folder, 'out');
  let browser: Browser;
  let results: BenchmarkResults;

  before(async () => {
    const options = {
      suite: 'small',
      policies: 'round-robin,best-fit,efficiency-first,bid-price',
      baseline: 'round-robin',
      scenarios: 'Brnd,Ernd,A-linear',
      loads: '0.6',
      clusters: '3',
      out,
    };
    const host = fakeHost();
    assert.equal(await runBenchmark({ ...host, options, args: [] }), 0, host.err());
    results = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8'));
    browser = await startBrowser();
  });
  after(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = (colorScheme: 'light' | 'dark', width?: number) =>
    openReport(browser, join(out, 'report.html'), colorScheme, width);

  for (const scheme of ['light', 'dark'] as const) {
    test(`every plot of every row is drawn, on ${scheme} ground, without a complaint`, async () => {
      const { page, complaints } = await open(scheme);
      const styles = policyStyles(results);
      for (const [i, cell] of results.cells.entries()) {
        await page.click(`#cells button[data-cell="${i}"]`);
        for (const plot of plots) {
          const id = `cell-${i}-${plot}`;
          const box = await page.locator(`#${id} svg`).boundingBox();
          assert.ok(box !== null && box.width > 300 && box.height > 60, `${id} has no size`);
          const colours = await drawnColours(page, id);
          const nobodyWaited =
            plot === 'waits' && cell.policies.every(({ longestWaitSeconds }) => longestWaitSeconds < 1);
          if (nobodyWaited) continue;
          const drawn = cell.policies.filter(({ policy }) => colours.has(styles.get(policy)!.color));
          // Waits of 0 have no place on a logarithmic axis, and the savings leave out the baseline itself.
          const least =
            plot === 'waits' ? 1 : plot === 'savings' ? cell.policies.length - 1 : cell.policies.length;
          assert.ok(
            drawn.length >= least,
            `${id}: only ${drawn.map(({ policy }) => policy).join(', ')} drawn`,
          );
        }
      }
      assert.ok((await drawnColours(page, 'all-overall')).has(styles.get('efficiency-first')!.color));
      assert.deepEqual(complaints, []);
      await page.close();
    });
  }

  test('the headline says what results.json says', async () => {
    const { page } = await open('light');
    const rows = await page.locator('main section.card table').first().locator('tbody tr').all();
    const texts = await Promise.all(rows.map((row) => row.locator('th, td').allTextContents()));
    // Name, all rows together, then row by row.
    for (const { policy } of results.cells[0]!.policies) {
      const row = texts.find(([name]) => name === policy)!;
      for (const [i, cell] of results.cells.entries()) {
        if (policy === results.suite.baseline) continue;
        const { percent } = cell.policies.find((each) => each.policy === policy)!;
        assert.ok(
          row[i + 2]!.startsWith(signed(percent.mean, cell.control ? 2 : 1)),
          `${policy} in ${cell.cell}`,
        );
      }
    }
    await page.close();
  });

  test('dark ground is dark and light ground light, and the text stands out on both', async () => {
    for (const scheme of ['light', 'dark'] as const) {
      const { page } = await open(scheme);
      const [ground, text] = (await page.evaluate(
        '[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]',
      )) as [string, string];
      const lightness = (colour: string) =>
        [...colour.matchAll(/\d+/g)].slice(0, 3).reduce((sum, [part]) => sum + Number(part), 0) / 765;
      assert.ok(
        scheme === 'dark' ? lightness(ground) < 0.2 : lightness(ground) > 0.9,
        `${scheme}: ${ground}`,
      );
      assert.ok(Math.abs(lightness(ground) - lightness(text)) > 0.6, `${scheme}: ${text} on ${ground}`);
      await page.close();
    }
  });

  test('when the ground changes the plots are drawn again', async () => {
    const { page, complaints } = await open('light');
    const lines = (colour: string) => page.locator(`#cell-0-power svg [stroke="${colour}"]`).first();
    await lines('#dde2e8').waitFor({ state: 'attached' });
    await page.emulateMedia({ colorScheme: 'dark' });
    await lines('#2b3642').waitFor({ state: 'attached' });
    await page.click('#cells button[data-cell="1"]');
    assert.ok((await drawnColours(page, 'cell-1-power')).size > 3);
    assert.deepEqual(complaints, []);
    await page.close();
  });

  test('on a narrow screen nothing but tables is wider than the screen', async () => {
    const { page, complaints } = await open('light', 400);
    assert.ok((await page.evaluate('document.documentElement.scrollWidth <= innerWidth')) as boolean);
    assert.deepEqual(complaints, []);
    await page.close();
  });
});
