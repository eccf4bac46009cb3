import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
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

/** Plots of a run, and how many lines each has. */
const plots = { 'run-load': 3, 'run-latency': 4, 'run-errors': 2 } as const;
const patterns = ['pattern-ramp', 'pattern-spike', 'pattern-periodic', 'pattern-random'] as const;

describe('the pages of load in a browser', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'kisimd-web-'));
  const [run, shapes] = [join(folder, 'run.html'), join(folder, 'patterns.html')];
  let browser: Browser;
  let server: Server;

  before(async () => {
    let count = 0;
    server = createServer((_, response) => {
      response.statusCode = ++count % 10 === 0 ? 503 : 200;
      response.end('ok');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const host = fakeHost();
    const args = ['--pattern', 'spike', '--duration', '4s', '--slo', 'errors<50%', '--html', run];
    assert.equal(await runCli(['load', url, ...args], host), 0, host.err());
    assert.equal(await runCli(['load', '--show-patterns', '--html', shapes], fakeHost()), 0);
    browser = await startBrowser();
  });
  after(async () => {
    await browser?.close();
    server?.closeAllConnections();
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const scheme of ['light', 'dark'] as const) {
    test(`every line of every plot of a run is drawn, on ${scheme} ground, without a complaint`, async () => {
      const { page, complaints } = await openReport(browser, run, scheme);
      for (const [id, lines] of Object.entries(plots)) {
        const box = await page.locator(`#${id} svg`).boundingBox();
        assert.ok(box !== null && box.width > 300 && box.height > 60, `${id} has no size`);
        const colours = await drawnColours(page, id);
        for (let i = 0; i < lines; i++) assert.ok(colours.has(styleOf(i).color), `${id} lacks line ${i}`);
      }
      assert.match(String(await page.locator('.badges').textContent()), /objectives held/);
      assert.deepEqual(complaints, []);
      await page.close();
    });
  }

  test('the four patterns are beside each other, each drawn', async () => {
    const { page, complaints } = await openReport(browser, shapes, 'light');
    for (const id of patterns) assert.ok((await drawnColours(page, id)).has(styleOf(0).color), id);
    assert.deepEqual(complaints, []);
    await page.close();
  });
});
