import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunConditions } from '../../../../src/evaluation/conditions.ts';
import { cellCharts } from '../../../../src/evaluation/report/charts.ts';
import { escapeHtml, htmlTable, scriptJson } from '../../../../src/evaluation/report/html.ts';
import { reportHtml } from '../../../../src/evaluation/report/report.ts';
import { overallChart } from '../../../../src/evaluation/report/savings-charts.ts';
import { signed } from '../../../../src/evaluation/tables.ts';
import { fakeResults } from '../../../support/fake-results.ts';

const conditions: RunConditions = {
  command: 'kisimd benchmark --suite <mine>',
  code: '1.2.3+abcdef',
  started: '2026-01-01T00:00:00.000Z',
  seconds: 12,
  workers: 2,
  runsMade: 30,
  runsInAll: 30,
  cpu: 'a processor',
  cpus: 2,
  memoryGib: 8,
  kernel: '6.1',
  node: 'v24',
  platform: 'linux x64',
};

/** The page without the library that draws, which is none of ours. */
function ownPart(html: string): string {
  const from = html.indexOf('<script>');
  return html.slice(0, from) + html.slice(html.indexOf('</script>', from));
}

test('the page loads nothing from anywhere', () => {
  const html = reportHtml(fakeResults(), conditions);
  assert.doesNotMatch(ownPart(html), /(src|href)\s*=|url\(|@import|https?:/);
  assert.match(html, /echarts/);
  // Three scripts: data, library, page. Nothing within them ends them early.
  assert.equal(html.match(/<\/script>/g)!.length, 3);
});

test('it says seeds, code, machine, how many comparisons there are, and that nothing was measured', () => {
  const html = ownPart(reportHtml(fakeResults(), conditions));
  for (const text of [
    '1.2.3+abcdef',
    'a processor',
    'Holm',
    'seed',
    '5 comparisons',
    'come from a simulation',
  ])
    assert.ok(html.includes(text), text);
  assert.ok(html.includes('kisimd benchmark --suite &lt;mine&gt;'));
  assert.match(html, /control reads zero/);
  assert.match(html, /1 SLO flag/);
});

test('a suite with several loads and an offline solution has them all', () => {
  const results = fakeResults({ offline: true, clusters: 6 });
  const html = ownPart(reportHtml(results, conditions));
  assert.match(html, /offline solution, no waiting/);
  assert.match(html, /headroom taken/);
  for (const { cell } of results.cells) assert.ok(html.includes(escapeHtml(cell)));
});

test('every headline figure is in the results', () => {
  const results = fakeResults();
  const html = ownPart(reportHtml(results, conditions));
  for (const cell of results.cells)
    for (const { policy, percent } of cell.policies)
      if (policy !== 'base')
        assert.ok(html.includes(`>${signed(percent.mean, cell.control ? 2 : 1)} ±`), policy);
});

test('charts are JSON, have all policies, and begin with a few of them', () => {
  const results = fakeResults();
  for (const cell of results.cells) {
    const charts = cellCharts(results, cell);
    assert.deepEqual(
      charts.map(({ id }) => id),
      ['savings', 'clusters', 'power', 'waits', 'utilisation'],
    );
    for (const { option, id } of charts) {
      assert.deepEqual(JSON.parse(JSON.stringify(option)), option, id);
      const { series } = option as { series: readonly { data: readonly unknown[] }[] };
      assert.ok(
        series.some(({ data }) => data.length > 0),
        `${cell.cell}: ${id} is empty`,
      );
    }
  }
  assert.equal(overallChart(results)!.id, 'overall');
  const controlOnly = fakeResults({ cells: [results.suite.cells[2]!] });
  assert.equal(overallChart(controlOnly), undefined);
  assert.match(reportHtml(controlOnly, conditions), /control reads zero/);
});

test('of savings the best stands on top, and the offline solution beside the policies', () => {
  const results = fakeResults({ offline: true });
  const [savings] = cellCharts(results, results.cells[0]!);
  const { yAxis } = savings!.option as { yAxis: { data: string[] } };
  assert.equal(yAxis.data.includes('offline'), results.cells[0]!.offline!.percent !== null);
  assert.equal(yAxis.data[0], 'wasting');
});

test('text cannot break out of the page', () => {
  assert.equal(escapeHtml(`<a b="c">'&`), '&lt;a b=&quot;c&quot;&gt;&#39;&amp;');
  assert.doesNotMatch(scriptJson({ a: '</script><script>' }), /</);
  assert.deepEqual(JSON.parse(scriptJson({ a: '</script>\u2028' })), { a: '</script>\u2028' });
  const table = htmlTable(
    ['<h>'],
    [
      [
        { text: '<n>', title: '"t"' },
        { text: '1', tint: Number.NaN },
      ],
    ],
  );
  assert.doesNotMatch(table, /<h>|<n>|NaN/);
  assert.match(table, /title="&quot;t&quot;"/);
});
