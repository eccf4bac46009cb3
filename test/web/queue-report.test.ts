import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
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
const policies = ['fifo', 'sjf', 'easy', 'ppo'];
const plots = [
  'slowdown',
  'wait',
  'energy',
  'throughput',
  'distribution',
  'pending',
  'requested',
  'power',
] as const;

describe('the report of a queue in a browser', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'kisimd-web-'));
  const report = join(folder, 'queue.html');
  let browser: Browser;
  let printed: string;

  before(async () => {
    const host = fakeHost();
    const args = ['--policies', policies.join(), '--runs', '2', '--weeks', '0.3', '--report', report];
    assert.equal(await runCli(['queue', '--evaluate', ...args], host), 0, host.err());
    printed = host.out();
    browser = await startBrowser();
  });
  after(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const scheme of ['light', 'dark'] as const)
    test(`every plot is drawn, with every policy, on ${scheme} ground, without a complaint`, async () => {
      const { page, complaints } = await openReport(browser, report, scheme);
      for (const plot of plots) {
        const id = `all-${plot}`;
        const box = await page.locator(`#${id} svg`).boundingBox();
        assert.ok(box !== null && box.width > 300 && box.height > 60, `${id} has no size`);
        const colours = await drawnColours(page, id);
        for (const [i, policy] of policies.entries())
          assert.ok(colours.has(styleOf(i).color), `${id} lacks ${policy}`);
      }
      assert.deepEqual(complaints, []);
      await page.close();
    });

  test('its table says what was printed', async () => {
    const { page } = await openReport(browser, report, 'light');
    const rows = await page.locator('main section.card table').first().locator('tbody tr').all();
    assert.equal(rows.length, policies.length);
    for (const row of rows) {
      const cells = await row.locator('th, td').allTextContents();
      const line = printed.split('\n').find((each) => each.startsWith(`${cells[0]} `))!;
      for (const cell of cells) assert.ok(line.includes(cell), `${cell} in: ${line}`);
    }
    await page.close();
  });
});
