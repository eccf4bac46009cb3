import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Config } from '../../../src/config/config.ts';
import { defaultConfig } from '../../../src/config/defaults.ts';
import { createMetering } from '../../../src/daemon/create-metering.ts';
import { systemClock } from '../../../src/util/clock.ts';
import { systemErrorCode } from '../../../src/util/errors.ts';
import { silentLogger } from '../../../src/util/log.ts';
import { SyntheticHost } from '../../support/synthetic-host.ts';

function setUp(t: TestContext, roots: Partial<Config['roots']> = {}, sources = ['rapl-powercap'] as const) {
  const host = new SyntheticHost();
  t.after(() => host.remove());
  const defaults = defaultConfig({}, { hostname: 'h', uid: 0, homeDirectory: undefined });
  const config: Config = {
    ...defaults,
    roots: { ...host.roots, ...roots },
    meter: { ...defaults.meter, sources, processClock: 'stat' },
  };
  const events: string[] = [];
  const log = { ...silentLogger, info: (event: string) => void events.push(event) };
  return { host, config, events, create: () => createMetering(config, { clock: systemClock, log }) };
}

/** Files below a folder that this process holds open. */
function held(folder: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(join('/proc/self/fd', fd));
      return target.startsWith(folder) ? [target] : [];
    } catch (error) {
      // The descriptor of the listing itself is closed by now.
      if (systemErrorCode(error) === 'ENOENT') return [];
      throw error;
    }
  });
}

test('opens the configured sources, tells which were taken, and closes all, started or not', (t) => {
  const { host, events, create } = setUp(t);
  const metering = create();
  assert.ok(events.includes('source-taken'));
  assert.ok(held(host.roots.sys).length > 0);
  metering.stop();
  assert.deepEqual([held(host.roots.sys), held(host.roots.proc)], [[], []]);
});

test('where nothing can be scanned the error is coded and no source stays open', (t) => {
  const { host, create } = setUp(t, { proc: '/nonexistent' });
  assert.throws(create, { code: 'KISIM_E_METER_SCAN' });
  assert.deepEqual(held(host.roots.sys), []);
});

test('where no source can be opened the error is coded and nothing stays open', (t) => {
  const { host, create } = setUp(t, { sys: '/nonexistent' });
  assert.throws(create, { code: 'KISIM_E_METER_NO_SOURCE' });
  assert.deepEqual(held(host.roots.proc), []);
});
