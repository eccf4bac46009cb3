import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InstallationCheck, otherInstallations } from '../../../src/controller/installation-check.ts';
import { namespaceObject } from '../../../src/kubernetes/manifests/account.ts';
import type { KisimError } from '../../../src/util/errors.ts';
import { recordingLogger } from '../../support/open-history.ts';
import { PlayedTime } from '../../support/played-time.ts';

const ours = namespaceObject('any').metadata.labels!;

test('a namespace that was set up for the program, other than its own, is another installation', () => {
  const namespaces = new Map([
    ['kisimd', ours],
    ['energy', { ...ours, team: 'a' }],
    ['shop', { 'kisimd.io/placement': 'enabled' }],
    ['half', { 'app.kubernetes.io/name': 'kisimd' }],
  ]);
  assert.deepEqual(otherInstallations(namespaces, 'kisimd'), ['energy']);
  assert.deepEqual(otherInstallations(new Map([['kisimd', ours]]), 'kisimd'), []);
});

test('it is told at the start with a code and the namespaces, and again when it has changed', async () => {
  const namespaces = new Map([
    ['kisimd', ours],
    ['energy', ours],
  ]);
  const time = new PlayedTime();
  const { log, events } = recordingLogger();
  const check = new InstallationCheck({ namespaces: () => namespaces, own: 'kisimd', time, log });
  check.start();
  const error = events[0]?.fields['error'] as KisimError;
  assert.equal(error.code, 'KISIM_E_CONTROLLER_TWO_INSTALLATIONS');
  assert.match(error.message, /kisimd \(this one\) and energy/);
  await time.play(3_600_000);
  assert.equal(events.length, 1);
  namespaces.delete('energy');
  await time.play(300_000);
  assert.deepEqual(
    events.map(({ event }) => event),
    ['installations', 'installation-alone'],
  );
  check.stop();
  assert.equal(time.timers, 0);
});
