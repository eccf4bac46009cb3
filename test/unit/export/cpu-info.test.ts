import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuInfoLabels } from '../../../src/export/cpu-info.ts';

test('one label set a processor, with the fields that there are', () => {
  const x86 = `processor\t: 0
vendor_id\t: GenuineIntel
model name\t: A CPU: with "quotes" @ 2.00GHz
physical id\t: 0
core id\t\t: 3

processor\t: 1
vendor_id\t: GenuineIntel
model name\t: A CPU
physical id\t: 1
core id\t\t: 0

`;
  assert.deepEqual(cpuInfoLabels(x86, 'n'), [
    'processor="0",vendor_id="GenuineIntel",model_name="A CPU: with \\"quotes\\" @ 2.00GHz",physical_id="0",core_id="3",node_name="n"',
    'processor="1",vendor_id="GenuineIntel",model_name="A CPU",physical_id="1",core_id="0",node_name="n"',
  ]);
});

test('an Arm machine has processors without a model, and its last block is none', () => {
  const arm = 'processor\t: 0\nBogoMIPS\t: 50.00\n\nprocessor\t: 1\n\nHardware\t: board\nSerial\t: 0\n';
  assert.deepEqual(cpuInfoLabels(arm, 'n'), ['processor="0",node_name="n"', 'processor="1",node_name="n"']);
  assert.deepEqual(cpuInfoLabels('', 'n'), []);
});
