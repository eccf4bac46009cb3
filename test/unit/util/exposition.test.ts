import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decimalText,
  ExpositionWriter,
  escapeLabelValue,
  labelText,
  negotiateFormat,
} from '../../../src/util/exposition.ts';

test('backslash, quote and line feed are escaped in a label value, and nothing else', () => {
  assert.equal(escapeLabelValue('a\\b"c\nd\té{}'), 'a\\\\b\\"c\\nd\té{}');
});

test('an escaped value reads back as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (value) => {
      const text = escapeLabelValue(value);
      assert.ok(!text.includes('\n'));
      const read = text.replace(/\\([\\n"])/g, (_, c: string) => (c === 'n' ? '\n' : c));
      assert.equal(read, value);
    }),
  );
});

test('empty labels are left out', () => {
  assert.equal(labelText({ a: '', b: '1', c: '', d: '2' }), 'b="1",d="2"');
});

test('numbers carry no needless digits and rounding keeps their order', () => {
  assert.equal(decimalText(1.23456789, 3), '1.235');
  assert.equal(decimalText(2, 6), '2');
  assert.equal(decimalText(0.0004, 3), '0');
  const finite = fc.double({ min: 0, max: 1e12, noNaN: true });
  fc.assert(
    fc.property(finite, finite, (a, b) => {
      const [less, more] = a < b ? [a, b] : [b, a];
      assert.ok(Number(decimalText(less, 3)) <= Number(decimalText(more, 3)));
    }),
  );
});

test('OpenMetrics is given to those who ask for it, as Prometheus does', () => {
  const prometheus =
    'application/openmetrics-text;version=1.0.0;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';
  assert.equal(negotiateFormat(prometheus), 'openmetrics');
  assert.equal(negotiateFormat(undefined), 'prometheus');
  assert.equal(negotiateFormat('*/*'), 'prometheus');
  assert.equal(negotiateFormat('text/plain;q=0.9,application/openmetrics-text;q=0.1'), 'prometheus');
  assert.equal(negotiateFormat('application/openmetrics-text;version=2.0.0'), 'prometheus');
});

test('a family without samples leaves no header', () => {
  const writer = new ExpositionWriter('prometheus');
  writer.family({ name: 'a_total', type: 'counter', help: 'A', labels: [] });
  writer.family({ name: 'b', type: 'gauge', help: 'B', labels: [] });
  writer.sample('', '1');
  assert.equal(writer.finish(), '# HELP b B\n# TYPE b gauge\nb 1\n');
});

test('OpenMetrics names a counter without its suffix in the header and ends with EOF', () => {
  const writer = new ExpositionWriter('openmetrics');
  writer.family({ name: 'a_joules_total', type: 'counter', help: 'A', labels: [] });
  writer.sample('x="1"', '2');
  assert.equal(
    writer.finish(),
    '# HELP a_joules A\n# TYPE a_joules counter\na_joules_total{x="1"} 2\n# EOF\n',
  );
});

test('the parts of a histogram stand under one header', () => {
  const writer = new ExpositionWriter('prometheus');
  writer.family({ name: 'wait_seconds', type: 'histogram', help: 'Waits', labels: [] });
  writer.sample('le="0.1"', '3', '_bucket');
  writer.sample('le="+Inf"', '4', '_bucket');
  writer.sample('', '4', '_count');
  assert.equal(
    writer.finish(),
    '# HELP wait_seconds Waits\n# TYPE wait_seconds histogram\n' +
      'wait_seconds_bucket{le="0.1"} 3\nwait_seconds_bucket{le="+Inf"} 4\nwait_seconds_count 4\n',
  );
});
