import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { runCli } from '../../src/cli/program.ts';
import { styleOf } from '../../src/evaluation/report/chart.ts';
import { fakeHost } from '../unit/cli/fake-host.ts';
import { noBrowser, startBrowser } from './support/browser.ts';
import { drawnColours, openReport } from './support/report-page.ts';

const skip = noBrowser();
const policies = ['fixed', 'hpa', 'threshold'];
const patterns = ['ramp', 'spike', 'periodic', 'random'];

describe('the report of autoscaling in a browser', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'kisimd-web-'));
  const report = join(folder, 'autoscale.html');
  let browser: Browser;
  let printed: string;

  before(async () => {
    const problem = join(folder, 'problem.yaml');
    writeFileSync(problem, 'environment: { episode_duration: 120, lowest_load: 5, highest_load: 60 }\n');
    const host = fakeHost();
    const args = ['--policies', policies.join(), '--problem', problem, '--runs', '2', '--report', report];
    assert.equal(await runCli(['autoscale', '--evaluate', ...args], host), 0, host.err());
    printed = host.out();
    browser = await startBrowser();
  });
  after(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const scheme of ['light', 'dark'] as const) {
    test(`every plot of every pattern is drawn, with every policy, on ${scheme} ground, without a complaint`, async () => {
      const { page, complaints } = await openReport(browser, report, scheme);
      const drawn = async (id: string, lines: number) => {
        const box = await page.locator(`#${id} svg`).boundingBox();
        assert.ok(box !== null && box.width > 300 && box.height > 60, `${id} has no size`);
        const colours = await drawnColours(page, id);
        for (let i = 0; i < lines; i++)
          assert.ok(colours.has(styleOf(i).color), `${id} lacks ${policies[i]}`);
      };
      for (const id of ['all-p95', 'all-energy', 'all-replicas', 'all-radar'])
        await drawn(id, policies.length);
      for (const [i] of patterns.entries()) {
        await page.click(`#cells button[data-cell="${i}"]`);
        await drawn(`cell-${i}-load`, 0);
        assert.ok((await drawnColours(page, `cell-${i}-load`)).has('#78716c'));
        for (const plot of ['latency', 'replicas', 'power'])
          await drawn(`cell-${i}-${plot}`, policies.length);
      }
      assert.deepEqual(complaints, []);
      await page.close();
    });
  }

  test('the tables of the page say what was printed', async () => {
    const { page } = await openReport(browser, report, 'light');
    for (const [i, pattern] of patterns.entries()) {
      await page.click(`#cells button[data-cell="${i}"]`);
      const rows = await page.locator(`#cell-${i} table`).first().locator('tbody tr').all();
      const texts = await Promise.all(rows.map((row) => row.locator('th, td').allTextContents()));
      const block = printed.split('\n\n').find((each) => each.startsWith(`${pattern} `))!;
      for (const [policy, p95, ...others] of texts) {
        const line = block.split('\n').find((each) => each.startsWith(`${policy} `))!;
        for (const figure of [p95, ...others])
          assert.ok(line.includes(figure!), `${pattern} ${policy} ${figure}`);
      }
    }
    await page.close();
  });

  test('on a narrow screen nothing but tables is wider than the screen', async () => {
    const { page, complaints } = await openReport(browser, report, 'light', 400);
    assert.ok((await page.evaluate('document.documentElement.scrollWidth <= innerWidth')) as boolean);
    assert.deepEqual(complaints, []);
    await page.close();
  });
});
