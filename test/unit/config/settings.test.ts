import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultConfig } from '../../../src/config/defaults.ts';
import { settings } from '../../../src/config/settings.ts';

const defaults = defaultConfig({}, { hostname: 'n', uid: 0, homeDirectory: '/root' }) as unknown as Record<
  string,
  Record<string, unknown>
>;

test('every default passes the check of its own setting', () => {
  for (const { key, section, property, setting } of settings) {
    const result = setting.schema.safeParse(defaults[section]?.[property]);
    assert.ok(result.success, `${key}: ${result.error?.message}`);
  }
});

test('settings and defaults name the same properties', () => {
  const named = settings.map(({ section, property }) => `${section}.${property}`).sort();
  const held = Object.entries(defaults)
    .flatMap(([section, leaves]) => Object.keys(leaves).map((property) => `${section}.${property}`))
    .sort();
  assert.deepEqual(named, held);
});

test('keys and variables are unique, in kebab case and in capitals', () => {
  assert.equal(new Set(settings.map(({ environmentName }) => environmentName)).size, settings.length);
  for (const { key, environmentName, setting } of settings) {
    assert.match(key, /^[a-z]+\.[a-z][a-z-]*$/);
    assert.match(environmentName, /^KISIMD_[A-Z_]+$/);
    assert.match(setting.description, /\.$/, `${key}: the description ends with a full stop`);
  }
});
