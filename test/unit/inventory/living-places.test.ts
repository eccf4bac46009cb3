import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LivingPlaces } from '../../../src/inventory/living-places.ts';
import { chooseCgroup } from '../../../src/inventory/process-cgroup.ts';

test('a cgroup is inhabited as long as a process lives in it or below it', () => {
  const places = new LivingPlaces();
  const x = chooseCgroup('0::/a/x\n');
  const y = chooseCgroup('0::/a/y\n');
  places.add(x);
  places.add(x);
  places.add(y);
  places.remove(x);
  assert.ok(places.isInhabited('unified:/a/x') && places.has(x));
  places.remove(x);
  assert.ok(!places.isInhabited('unified:/a/x') && !places.has(x));
  assert.ok(places.isInhabited('unified:/a'));
  places.remove(y);
  assert.ok(!places.isInhabited('unified:/a'));
});
