import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteRateText, bytesText, parseByteRate, parseBytes } from '../../../src/util/byte-amounts.ts';

test('powers of 1024 and of 1000 are told apart', () => {
  assert.equal(parseBytes('2GiB'), 2 * 2 ** 30);
  assert.equal(parseBytes('2GB'), 2e9);
  assert.equal(parseBytes(' 1.5 MiB '), 1.5 * 2 ** 20);
  assert.equal(parseBytes('4096B'), 4096);
  assert.equal(parseByteRate('20MB/s'), 20e6);
  assert.equal(parseByteRate('100Mbit/s'), 12.5e6);
});

for (const text of [
  '',
  '2',
  'GiB',
  '-1GiB',
  '0MiB',
  '1gib',
  '1 GiB s',
  '1e3MiB',
  '0.1B',
  '99999999999TiB',
  '1 constructor',
]) {
  test(`'${text}' is no amount`, () => {
    assert.throws(() => parseBytes(text), { code: 'KISIM_E_BYTES' });
  });
}
for (const text of ['', '20MB', '20/s', '0MB/s', '20MB/min', '20MB/s/s', 'NaNMB/s']) {
  test(`'${text}' is no rate`, () => {
    assert.throws(() => parseByteRate(text), { code: 'KISIM_E_BYTE_RATE' });
  });
}

test('amounts are told in the unit that suits them', () => {
  assert.equal(bytesText(2 * 2 ** 30), '2.00 GiB');
  assert.equal(bytesText(1536 * 1024), '1.5 MiB');
  assert.equal(bytesText(2048), '2 KiB');
  assert.equal(byteRateText(20e6), '20.00 MB/s');
  assert.equal(byteRateText(2.5e9), '2.50 GB/s');
  assert.equal(byteRateText(4096), '4.10 kB/s');
});
