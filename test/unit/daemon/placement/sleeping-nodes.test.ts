import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../../../../src/config/load.ts';
import type { LiveParts } from '../../../../src/daemon/placement/live-parts.ts';
import { placementPolicies } from '../../../../src/daemon/placement/policies.ts';
import { replacement } from '../../../../src/daemon/placement/replacement.ts';
import { sleepingNodes } from '../../../../src/daemon/placement/sleeping-nodes.ts';
import { recordingLogger } from '../../../support/open-history.ts';

/** As little as is looked at before anything is made. */
function partsOf(...set: readonly string[]) {
  const { log, events } = recordingLogger();
  const { config } = loadConfig({ env: {}, flags: { set } });
  return { parts: { config, log } as LiveParts, events };
}

test('nodes do not sleep, and nothing is moved, unless it is asked for', () => {
  const { parts, events } = partsOf();
  assert.equal(sleepingNodes(parts), undefined);
  assert.equal(replacement(parts), undefined);
  assert.deepEqual(events, []);
});

const unusable: Readonly<Record<string, readonly string[]>> = {
  'without commands': ['sleep.enabled=true'],
  'without a command to sleep': ['sleep.enabled=true', 'sleep.wake-command=wake {node}'],
  'without a command to wake': ['sleep.enabled=true', 'sleep.sleep-command=stop {node}'],
  'where a command does not name the node': [
    'sleep.enabled=true',
    'sleep.sleep-command=stop',
    'sleep.wake-command=wake {node}',
  ],
};
for (const [what, set] of Object.entries(unusable)) {
  test(`${what} it is told what is wrong, and placement goes on without sleep`, () => {
    const { parts, events } = partsOf(...set);
    assert.equal(sleepingNodes(parts), undefined);
    assert.equal(events.length, 1);
    assert.equal((events[0]!.fields['error'] as { code: string }).code, 'KISIM_E_SLEEP_COMMAND');
  });
}

test('where nodes sleep every policy takes those that are awake first', () => {
  const names = (policy: string, nodesSleep: boolean) => {
    const of = placementPolicies({ policy, fallback: 'best-fit', reference: undefined }, nodesSleep);
    return [of.policy?.name, of.fallback?.name, of.reference?.name];
  };
  assert.deepEqual(names('peaks', false), ['peaks', 'best-fit', undefined]);
  assert.deepEqual(names('peaks', true), ['peaks+awake-first', 'best-fit+awake-first', undefined]);
  assert.deepEqual(names('peaks+awake-first', true)[0], 'peaks+awake-first');
  assert.deepEqual(names('default', true)[0], undefined);
});
