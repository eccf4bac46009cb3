import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placementFamilies } from '../../../src/export/metric-families.ts';
import { writePlacementMetrics } from '../../../src/export/placement-metrics.ts';
import type { PlacementView } from '../../../src/export/placement-view.ts';
import { ExpositionWriter } from '../../../src/util/exposition.ts';
import { liveView, simulatedView } from '../../support/placement-views.ts';

function samples(view: PlacementView): string[] {
  const writer = new ExpositionWriter('prometheus');
  writePlacementMetrics(writer, view);
  return writer
    .finish()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
}

test('every series of a simulated cluster says so, and its energy twice', () => {
  const lines = samples(simulatedView());
  assert.ok(lines.length > 10);
  for (const line of lines) assert.match(line, /cluster="simulated"/);
  const energy = lines.filter((line) => line.startsWith('kisimd_simulated_'));
  assert.equal(energy.length, 6);
  for (const line of energy) assert.match(line, /source="simulated"/);
  assert.ok(
    lines.includes(
      'kisimd_simulated_joules_total{cluster="simulated",policy="round-robin",role="twin",source="simulated"} 251000',
    ),
  );
});

test('a live cluster has no series of simulated energy', () => {
  const lines = samples(liveView());
  assert.ok(lines.every((line) => line.includes('cluster="live"')));
  assert.ok(!lines.some((line) => line.includes('simulated')));
});

test('pods are counted by what became of them, those that were freed by reason', () => {
  const lines = samples(liveView({ freed: { deadline: 2, paused: 3 }, held: 4 }));
  assert.ok(lines.includes('kisimd_placement_decisions_total{cluster="live",outcome="placed"} 69'));
  assert.ok(
    lines.includes('kisimd_placement_decisions_total{cluster="live",outcome="freed",reason="deadline"} 2'),
  );
  assert.ok(
    lines.includes('kisimd_placement_decisions_total{cluster="live",outcome="freed",reason="paused"} 3'),
  );
  assert.ok(lines.includes('kisimd_placement_held_pods{cluster="live"} 4'));
});

test('a pause and a trouble are seen', () => {
  const quiet = samples(liveView());
  assert.ok(quiet.includes('kisimd_placement_paused{cluster="live"} 0'));
  assert.ok(quiet.includes('kisimd_placement_trouble{cluster="live"} 0'));
  const loud = samples(liveView({ paused: 'maintenance', trouble: 'pods: 403' }));
  assert.ok(loud.includes('kisimd_placement_paused{cluster="live"} 1'));
  assert.ok(loud.includes('kisimd_placement_trouble{cluster="live"} 1'));
});

test('labels on the page are those of the table', () => {
  for (const line of samples(simulatedView())) {
    const [, name, labels] = /^(\w+)\{([^}]*)\}/.exec(line)!;
    const family = Object.values(placementFamilies).find((each) => each.name === name)!;
    for (const [label] of labels!.matchAll(/\w+(?==")/g)) assert.ok(family.labels.includes(label), line);
  }
});
