import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from '../../../../src/cli/doctor/finding.ts';
import { renderFindings } from '../../../../src/cli/doctor/report.ts';

const findings: readonly Finding[] = [
  { topic: 'energy', subject: 'nvml', mark: 'absent', says: 'no library' },
  { topic: 'host', subject: 'cpu', mark: 'ok', says: 'a model' },
  {
    topic: 'energy',
    subject: 'rapl',
    mark: 'refused',
    says: 'EACCES '.repeat(20),
    action: 'sudo '.repeat(30),
  },
];

test('findings stand by topic with their marks, actions below, and are counted', () => {
  const text = renderFindings(findings, { width: 70, colour: false });
  assert.match(text, /^host\n {2}✓ cpu {3}a model\nenergy\n {2}- nvml {2}no library\n {2}✗ rapl {2}EACCES/);
  assert.match(text, /to do: sudo sudo/);
  assert.match(text, /✓ OK: 1 {3}! warning: 0 {3}✗ refused: 1 {3}- absent: 1\n$/);
});

test('no line is longer than the terminal', () => {
  for (const line of renderFindings(findings, { width: 70, colour: false }).split('\n')) {
    assert.ok(line.length <= 70, line);
  }
});

test('colour changes nothing but colour', () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escapes are what is taken out
  const plain = renderFindings(findings, { width: 70, colour: true }).replaceAll(/\u001b\[\d*m/g, '');
  assert.equal(plain, renderFindings(findings, { width: 70, colour: false }));
});
