import assert from 'node:assert/strict';
import { test } from 'node:test';
import { domainWeight } from '../../../../src/policy/kube/domain-weight.ts';

/** Number of domains, and the bits of Go's math.Log of two more (Go 1.26, amd64). */
const GO_BITS = [
  [0, '3fe62e42fefa39ef'],
  [3, '3ff9c041f7ed8d33'],
  [10, '4003e116bcd39e7d'],
  [100, '40127ff8df87c7bd'],
  [420, '40182e15df7fb939'],
  [500, '4018dfd8b5b3e920'],
  // The portable logarithm has another last bit here.
  [1, '3ff193ea7aad030a'],
  [12, '40051cca16d7bba8'],
  [46, '400ef8383c50bb74'],
  [72, '4011375cd6fcab1c'],
] as const;

test('has the bits of the logarithm that Kubernetes weighs topologies by', () => {
  const word = new Float64Array(1);
  const bits = new BigUint64Array(word.buffer);
  for (const [domains, expected] of GO_BITS) {
    word[0] = domainWeight(domains);
    assert.equal(bits[0]!.toString(16), expected, `${domains} domains`);
  }
});
