import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCommand } from '../../../../src/controller/sleep/node-command.ts';

const cases: Readonly<Record<string, readonly string[]>> = {
  'minikube node stop {node}': ['minikube', 'node', 'stop', 'rack-7'],
  "ssh root@{node} 'systemctl suspend'": ['ssh', 'root@rack-7', 'systemctl suspend'],
  'virsh  --connect "qemu+ssh://host/system"\tstart {node}': [
    'virsh',
    '--connect',
    'qemu+ssh://host/system',
    'start',
    'rack-7',
  ],
  "x '' {node}{node}": ['x', '', 'rack-7rack-7'],
  // Nothing of it is a shell's.
  'x $HOME;rm `a` {node} > b': ['x', '$HOME;rm', '`a`', 'rack-7', '>', 'b'],
};
for (const [text, words] of Object.entries(cases)) {
  test(`${text} is ${words.length} words`, () => assert.deepEqual(nodeCommand(text)('rack-7'), words));
}

test('a name is put in as it is', () => {
  assert.deepEqual(nodeCommand('x {node}')("$& 'a b'"), ['x', "$& 'a b'"]);
});

for (const text of ['', '  ', 'minikube stop', "ssh '{node}", '"" {node}']) {
  test(`"${text}" is refused`, () => {
    assert.throws(() => nodeCommand(text), { code: 'KISIM_E_SLEEP_COMMAND' });
  });
}
