import assert from 'node:assert/strict';
import { test } from 'node:test';
import { burdenOf, fileBytesOf, hostPortOf, peerOf } from '../../../../src/cli/block/options.ts';

const eightCores = () => 8;

test('amounts come in their units, a share of CPU as cores', () => {
  const options = {
    cpu: '40%',
    memory: '2GiB',
    diskRead: '20MB/s',
    diskWrite: '50MB/s',
    network: '80Mbit/s',
  };
  assert.deepEqual(burdenOf(options, eightCores), {
    cpuCores: 3.2,
    memoryBytes: 2 ** 31,
    diskReadBytesPerSecond: 20e6,
    diskWriteBytesPerSecond: 50e6,
    networkBytesPerSecond: 10e6,
  });
  assert.deepEqual(burdenOf({ cpu: '1.5' }, eightCores), { cpuCores: 1.5 });
  assert.deepEqual(burdenOf({}, eightCores), {});
});

for (const cpu of ['0', '-1', 'all', '1,5', '50 %%', '']) {
  test(`--cpu '${cpu}' is refused`, () => {
    assert.throws(() => burdenOf({ cpu }, eightCores), { code: 'KISIM_E_USAGE' });
  });
}

test('amounts without a unit are refused', () => {
  assert.throws(() => burdenOf({ memory: '2' }, eightCores), { code: 'KISIM_E_BYTES' });
  assert.throws(() => burdenOf({ network: '10MB' }, eightCores), { code: 'KISIM_E_BYTE_RATE' });
});

test('addresses are names, IPv4 or IPv6 in brackets, with a port', () => {
  assert.deepEqual(hostPortOf('peer', '10.0.0.2:5210', 1), { host: '10.0.0.2', port: 5210 });
  assert.deepEqual(hostPortOf('peer', '[::1]:1', 1), { host: '::1', port: 1 });
  assert.deepEqual(hostPortOf('listen', 'localhost:0', 0), { host: 'localhost', port: 0 });
  for (const text of ['10.0.0.2', ':5210', 'a:70000', 'a:0', '::1:5210', 'a:b'])
    assert.throws(() => hostPortOf('peer', text, 1), { code: 'KISIM_E_USAGE' }, text);
});

test('network needs a peer', () => {
  assert.throws(() => peerOf({}, { networkBytesPerSecond: 1 }), {
    code: 'KISIM_E_USAGE',
    message: /without --peer/,
  });
  assert.equal(peerOf({}, { cpuCores: 1 }), undefined);
});

test('files are whole mebibytes', () => {
  assert.equal(fileBytesOf({ fileSize: '5MB' }), 4 * 2 ** 20);
  assert.throws(() => fileBytesOf({ fileSize: '1000kB' }), { code: 'KISIM_E_USAGE' });
  assert.throws(() => fileBytesOf({ fileSize: '2TiB' }), { code: 'KISIM_E_USAGE' });
});
