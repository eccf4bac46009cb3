import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMeantForHere, isOwnName } from '../../../src/util/own-names.ts';

const own = ['node-1.example.org', 'box'];

test('loopback, addresses and the names of the machine are its own, with any port', () => {
  for (const host of [
    'localhost',
    'LOCALHOST:28282',
    'localhost.:80',
    'meter.localhost:80',
    '127.0.0.1:1',
    '127.8.9.1',
    '[::1]:28282',
    '[::1]',
    '[fe80::1]:80',
    '192.0.2.7:28282',
    'node-1.example.org:80',
    'Node-1',
    'box:28282',
  ]) {
    assert.equal(isOwnName(host, own), true, host);
  }
  assert.equal(isOwnName(undefined, own), true, 'HTTP/1.0 without a Host');
});

test('every other name is not', () => {
  for (const host of [
    'rebind.example.com',
    'rebind.example.com:28282',
    'localhost.example.com',
    '127.0.0.1.example.com:80',
    'notlocalhost',
    'example.org',
    'node-1.example.com',
    'box.example.com',
    '',
    ':80',
    '[::1].example.com',
    'localhost@example.com',
    '[example.com]',
  ]) {
    assert.equal(isOwnName(host, own), false, host);
  }
});

test('a machine without a name is called by nobody', () => {
  assert.equal(isOwnName('', ['']), false);
  assert.equal(isOwnName('.', ['.']), false);
});

test('only a server on loopback asks for its name', () => {
  const rebound = { headers: { host: 'rebind.example.com' } };
  assert.equal(isMeantForHere(rebound, '127.0.0.1'), false);
  assert.equal(isMeantForHere(rebound, 'localhost', ['rebind.example.com']), true);
  assert.equal(isMeantForHere(rebound, '0.0.0.0'), true);
  assert.equal(isMeantForHere({ headers: { host: 'localhost:80' } }, '::1'), true);
});
